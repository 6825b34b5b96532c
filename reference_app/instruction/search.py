"""Finding a dossier by what an agent has in hand: number of receipt, SIRET, e-mail, the name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from psycopg import sql
from pydantic import BaseModel, ConfigDict, Field

from reference_app.database import Connection
from reference_app.dossiers.dossier import COLUMNS, ROW, Dossier
from reference_app.dossiers.draft import Line
from reference_app.errors import N_, FieldError, Invalid
from reference_app.instruction.reach import REACHED, reach

MOST = 50
"""Dossiers found at most: whoever finds more has to say more of what they look for."""
SHORTEST = 3
"""Letters of a name to look for: fewer lead to no one in particular."""
WORDS = 3
"""Words of a name, from its first, that may be looked for by their beginning; each has an index."""


class Kind(StrEnum):
    """What was typed, as its form tells."""

    RECEIPT = "receipt"
    SIRET = "siret"
    EMAIL = "email"
    NAME = "name"


KINDS: Mapping[Kind, str] = {
    Kind.RECEIPT: N_("number of receipt"),
    Kind.SIRET: N_("SIRET number"),
    Kind.EMAIL: N_("e-mail"),
    Kind.NAME: N_("name"),
}


class Sought(BaseModel):
    """What is looked for. It is sent in the body: an address would stay in logs and histories."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sought: Annotated[
        Line,
        Field(min_length=1, description="Number of receipt, SIRET, e-mail, or the beginning of a word of the name."),
    ]


@dataclass(frozen=True)
class Found:
    """What was found, newest first; ``more`` tells that it is not all."""

    kind: Kind
    dossiers: list[Dossier]
    more: bool


def _looking(where: sql.Composable) -> sql.Composed:
    """Dossiers within reach of which ``where`` holds.

    How many at most stands in the statement. As a parameter it would be planned for a tenth of all dossiers, and where
    these are a million PostgreSQL would rather plan every search anew: that takes five times as long as the search.
    """
    text = sql.SQL("SELECT {columns} FROM dossier WHERE {reached} AND {where} AND state <> 'brouillon' LIMIT {most}")
    return text.format(columns=COLUMNS, reached=REACHED, where=where, most=sql.Literal(MOST + 1))


# Without an order: of what half of all dossiers have, the first that come are enough. Each index begins with the group.
_RECEIPT = sql.SQL("receipt_number = upper(%(sought)s)")
_SIRET = sql.SQL("answers ->> siret_in = %(sought)s")
_EMAIL = sql.SQL("folded(answers ->> email_in) = folded(%(sought)s)")

# What begins so sorts from the text itself to the text with the last character there is. Each word has an index of its
# own, from which no more is read than is shown, however many names begin alike.
_WORD = sql.SQL("""folded_from(answers ->> title_in, {n}) COLLATE "C" >= folded(%(sought)s)
    AND folded_from(answers ->> title_in, {n}) COLLATE "C" < folded(%(sought)s) || U&'\\+10FFFF'""")
_WORDS = [sql.SQL("({})").format(_looking(_WORD.format(n=sql.Literal(n)))) for n in range(1, WORDS + 1)]

_STATEMENTS = {
    Kind.RECEIPT: _looking(_RECEIPT).as_bytes(),
    Kind.SIRET: _looking(_SIRET).as_bytes(),
    Kind.EMAIL: _looking(_EMAIL).as_bytes(),
    Kind.NAME: sql.SQL(" UNION ALL ").join(_WORDS).as_bytes(),
}


async def find(connection: Connection, agent: UUID, sought: str) -> Found:
    """The dossiers of the agent's groups that ``sought`` leads to; accents and capitals do not matter in names.

    Raises:
        Invalid: it is too short to look for.
    """
    kind, text = understood(sought)
    if kind is Kind.NAME and len(text) < SHORTEST:
        raise Invalid({"sought": FieldError(N_("Write three letters at least."))})
    async with connection.cursor(row_factory=ROW) as cursor:
        await cursor.execute(_STATEMENTS[kind], reach(agent) | {"sought": text})
        found = list({dossier.id: dossier for dossier in await cursor.fetchall()}.values())
    newest = sorted(found[:MOST], key=lambda dossier: dossier.id, reverse=True)
    return Found(kind, newest, more=len(found) > MOST)


def understood(sought: str) -> tuple[Kind, str]:
    """What kind of thing was typed, and how it is looked for."""
    compact = re.sub(r"\s", "", sought)
    if re.fullmatch(r"[0-9]{14}", compact):
        return Kind.SIRET, compact
    if "@" in compact:
        return Kind.EMAIL, compact
    if re.fullmatch(r"[A-Za-z]{2,10}(-[0-9]+)+", compact):
        return Kind.RECEIPT, compact
    return Kind.NAME, sought
