"""The plan that PostgreSQL would follow for a statement, asked for without running the statement.

The statement is prepared with placeholders and explained as its generic plan (``plan_cache_mode``, PostgreSQL 12 and
later), so that what the traces hold is enough: no value is needed, none was kept.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import pq, sql

from scorecard.evidence import Text

TIMEOUT_MS = 2_000
CONNECT_S = 3
FEWEST_ROWS = 10_000
"""Rows of a table below which reading all of them is about as quick as an index: it takes a millisecond or two."""
_PLACE = re.compile(r"\?")
_READS = re.compile(r"(?:select|with|update|delete)\b", re.IGNORECASE)
_TYPED = re.compile(r"\b(interval|date|timestamptz|timestamp|time)\s+\?", re.IGNORECASE)
"""A literal with its type in front, which takes no placeholder."""
_NAME = "portance_plan"
_FIRST_WITH_PLANS = 120_000
_REFUSED = Text(
    en="the database does not plan it: it is cut short, or what its values are cannot be told",
    fr="la base n’en fait pas de plan\u202f: requête coupée, ou nature de ses valeurs inconnue",
)


class PlanError(Exception):
    """A plan cannot be had; ``why`` says it in both languages."""

    def __init__(self, why: Text) -> None:
        super().__init__(why.en)
        self.why = why


@dataclass(frozen=True)
class Scan:
    """A table that a statement reads from end to end, keeping few of its rows.

    Attributes:
        rows: of the table, as the database estimates them.
        condition: what it keeps rows by, as the plan says it.
        columns: of the table, in the condition or expressions of them, those that are compared for equality first.
    """

    table: str
    rows: float
    condition: str
    columns: tuple[str, ...]

    @property
    def index(self) -> str:
        """The statement that makes the index, without locking the table for those who write."""
        return f"CREATE INDEX CONCURRENTLY ON {self.table} ({', '.join(self.columns)})"


@contextmanager
def asking(address: str) -> Iterator[psycopg.Connection]:
    """A connection that may only read, and not for long.

    Raises:
        PlanError: the database cannot be reached, or is older than PostgreSQL 12.
    """
    options = f"-c default_transaction_read_only=on -c statement_timeout={TIMEOUT_MS} -c lock_timeout={TIMEOUT_MS}"
    options += " -c plan_cache_mode=force_generic_plan"
    try:
        connection = psycopg.connect(address, connect_timeout=CONNECT_S, options=options, prepare_threshold=None)
    except psycopg.Error as error:
        # The message of the driver may quote the address, and the address a password.
        raise PlanError(
            Text(
                en=f"the database cannot be asked for plans ({type(error).__name__})",
                fr=f"la base n’a pas pu être interrogée sur ses plans ({type(error).__name__})",
            )
        ) from None
    with connection:
        if connection.info.server_version < _FIRST_WITH_PLANS:
            raise PlanError(
                Text(
                    en="plans without values need PostgreSQL 12 or later",
                    fr="un plan sans valeurs demande PostgreSQL 12 ou plus récent",
                )
            )
        yield connection


def missing_index(connection: psycopg.Connection, statement: str) -> Scan | None:
    """The table that ``statement`` (as normalised) reads whole for lack of an index; None when it reads none so.

    Raises:
        PlanError: the database does not plan it: cut short, or a value whose type cannot be told.
    """
    for node in _nodes(_plan(connection, statement)):
        if node.get("Node Type") == "Seq Scan" and "Filter" in node and "Schema" in node:
            scan = _scan(connection, node)
            if scan is not None:
                return scan
    return None


def _plan(connection: psycopg.Connection, statement: str) -> dict[str, Any]:
    if not _READS.match(statement) or "\x00" in statement:
        raise PlanError(Text(en="it is no statement that reads", fr="ce n’est pas une requête qui lit"))
    numbers = itertools.count(1)
    text = _PLACE.sub(lambda _: f"${next(numbers)}", _TYPED.sub(r"CAST(? AS \1)", statement))
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(b"DEALLOCATE ALL")
            # Prepared by the protocol, which takes one statement and no more, whatever the traces of a stranger hold.
            answer = connection.pgconn.prepare(_NAME.encode(), text.encode())
            if answer.status != pq.ExecStatus.COMMAND_OK:
                raise PlanError(_REFUSED)
            values = ", ".join(["NULL"] * connection.pgconn.describe_prepared(_NAME.encode()).nparams)
            called = f"{_NAME} ({values})" if values else _NAME
            row = connection.execute(f"EXPLAIN (VERBOSE, FORMAT JSON) EXECUTE {called}".encode()).fetchone()
    except psycopg.Error as error:
        raise PlanError(_REFUSED) from error
    assert row is not None
    plan: dict[str, Any] = row[0][0]["Plan"]
    return plan


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)


def _scan(connection: psycopg.Connection, node: dict[str, Any]) -> Scan | None:
    name = sql.Identifier(node["Schema"], node["Relation Name"]).as_string()
    row = connection.execute(
        "select reltuples, pg_relation_size(oid) / 8192, array(select attname::text from pg_attribute "
        "where attrelid = c.oid and attnum > 0 and not attisdropped) from pg_class c where oid = to_regclass(%s)",
        (name,),
    ).fetchone()
    if row is None:
        return None
    # A table that was never analysed has -1 rows, and no pages that it knows of; one of 8 KiB holds some dozens.
    rows = float(row[0]) if row[0] >= 0 else 50.0 * float(row[1])
    columns = _columns(node["Filter"], node.get("Alias", node["Relation Name"]), row[2])
    if rows < FEWEST_ROWS or node.get("Plan Rows", 0) > rows / 10 or not columns:
        return None
    shown = node["Relation Name"] if node["Schema"] == "public" else f"{node['Schema']}.{node['Relation Name']}"
    return Scan(shown, rows, node["Filter"], columns)


def _columns(condition: str, alias: str, names: list[str]) -> tuple[str, ...]:
    """What ``condition`` compares, columns or a function of one: all for equality, then one compared otherwise."""
    equal: dict[str, None] = {}
    ranged: dict[str, None] = {}
    for name in names:
        quoted = rf'(?:{re.escape(alias)}\.)?"?{re.escape(name)}"?'
        for expression, shown in (
            (rf"\b(lower|upper)\(\(?{quoted}\)?(?:::\w+)?\)", rf"\1({name})"),
            (rf"(?<![\w.]){quoted}\)?(?:::[\w ]+)?", name),
        ):
            found = re.search(rf"{expression}\s*(=|<=|>=|<|>|~~)(?!\w)", condition)
            if found is not None:
                kept = found.expand(shown) if "\\" in shown else shown
                (equal if found[found.lastindex or 0] == "=" else ranged)[kept] = None
                break
    return (*equal, *list(ranged)[:1])
