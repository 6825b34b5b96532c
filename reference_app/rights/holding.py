"""What a table holds of a person, column by column, and how it is read for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, LiteralString

from psycopg import sql


@dataclass(frozen=True, slots=True)
class Given:
    """A column that a person is given, under the name ``called``; by an ``expression`` where not as it is kept."""

    column: str
    label: str
    expression: LiteralString | None = None
    called: str | None = None

    @property
    def name(self) -> str:
        """The key in the copy."""
        return self.column if self.called is None else self.called


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A table with rows about a person.

    ``whose`` says how they are found: by the account, or by the dossiers of it. ``withheld`` says of each column that
    is not given why it is not.
    """

    table: str
    title: str
    whose: Literal["id", "account_id", "dossier_id"]
    order: str
    given: tuple[Given, ...]
    withheld: Mapping[str, str] = field(default_factory=dict)

    @property
    def columns(self) -> frozenset[str]:
        """Every column that is spoken for."""
        return frozenset({one.column for one in self.given} | set(self.withheld) | {self.whose})

    @property
    def labels(self) -> Mapping[str, str]:
        """What each value is called, to be translated."""
        return {one.name: one.label for one in self.given}

    def statement(self, also: LiteralString = "") -> sql.Composed:
        """Reads the rows in order: of ``account``, of ``dossiers``; by what each was found stands in ``of``."""
        chosen = sql.SQL(", ").join(
            sql.SQL("{} AS {}").format(
                sql.Identifier(one.column) if one.expression is None else sql.SQL(one.expression),
                sql.Identifier(one.name),
            )
            for one in self.given
        )
        of = "= ANY(%(dossiers)s)" if self.whose == "dossier_id" else "= %(account)s"
        return sql.SQL(
            "SELECT {whose} AS of, {chosen} FROM {table} AS kept WHERE {whose} {of} ORDER BY {order}"
        ).format(
            whose=sql.Identifier(self.whose),
            chosen=chosen,
            table=sql.Identifier(self.table),
            of=sql.SQL(of),
            also=sql.SQL(also),
            order=sql.Identifier(self.order),
        )
