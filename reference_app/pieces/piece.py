"""A piece as the database holds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import LiteralString
from uuid import UUID

from psycopg import sql
from psycopg.rows import class_row

from reference_app.errors import N_
from reference_app.pieces.kinds import Kind


class State(StrEnum):
    """What is known of what is in it."""

    EN_ATTENTE = "en_attente"
    SAINE = "saine"
    INFECTEE = "infectee"
    NON_ANALYSEE = "non_analysee"


LABELS: Mapping[State, str] = {
    State.EN_ATTENTE: N_("Being checked"),
    State.SAINE: N_("Checked"),
    State.INFECTEE: N_("Refused: a virus was found"),
    State.NON_ANALYSEE: N_("Not checked for viruses"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One row; ``size`` is in bytes, ``object`` is the key of its bytes in the storage, None once they are deleted."""

    id: UUID
    dossier_id: UUID
    name: str
    filename: str
    kind: Kind
    size: int
    digest: bytes
    object: str | None
    state: State
    sent_at: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", State(self.state))


ROW = class_row(Piece)
COLUMNS = sql.SQL(", ").join(sql.Identifier("piece", name) for name in Piece.__dataclass_fields__)


def statement(text: LiteralString) -> bytes:
    """A statement with ``{columns}`` filled in: made once, of constants, so that values can only be parameters."""
    return sql.SQL(text).format(columns=COLUMNS).as_bytes()
