"""An appointment as people and agents read it: with its slot and its place, in one row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from psycopg import sql
from psycopg.rows import class_row

from reference_app.appointments.states import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """One row of ``rendez_vous`` joined with what it points to."""

    id: UUID
    number: int
    state: State
    procedure: str
    name: str
    note: str | None
    booked_at: datetime
    creneau: UUID
    starts_at: datetime
    minutes: int
    lieu: UUID
    place: str
    address: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", State(self.state))

    @property
    def reference(self) -> str:
        """What one says at the desk."""
        return f"RV-{self.number:08d}"


ROW = class_row(Appointment)
_COLUMNS = sql.SQL(
    "r.id, r.number, r.state, r.procedure, r.name, r.note, r.booked_at,"
    " c.id AS creneau, c.starts_at, c.minutes, l.id AS lieu, l.name AS place, l.address"
)


def statement(text: LiteralString) -> bytes:
    """A statement with ``{columns}`` filled in: of rendez_vous ``r``, creneau ``c`` and lieu ``l``."""
    return sql.SQL(text).format(columns=_COLUMNS).as_bytes()
