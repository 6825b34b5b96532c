"""A dossier as the database holds it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import LiteralString
from uuid import UUID

from psycopg import sql
from psycopg.rows import class_row

from reference_app.dossiers.draft import Draft
from reference_app.dossiers.states import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """One row, whole: pages and answers are made from it without a second query."""

    id: UUID
    account_id: UUID
    state: State
    siret: str | None
    company_name: str | None
    contact_email: str | None
    need: str | None
    amount: int | None
    iban: str | None
    created_at: datetime
    updated_at: datetime
    receipt_number: str | None
    filed_at: datetime | None
    silence_on: date | None
    agent_id: UUID | None
    claimed_at: datetime | None
    decided_at: datetime | None
    motivation: str | None
    operations: int
    head: bytes | None

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", State(self.state))

    def draft(self) -> Draft:
        """What the person typed, unchecked: it was checked when it was written."""
        return Draft.model_construct(**{name: getattr(self, name) for name in Draft.model_fields})


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """One change of state in the history of a dossier."""

    state: State
    at: datetime
    motivation: str | None

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", State(self.state))


ROW = class_row(Dossier)
TREATMENT_ROW = class_row(Treatment)
COLUMNS = sql.SQL(", ").join(map(sql.Identifier, Dossier.__dataclass_fields__))


def statement(text: LiteralString) -> bytes:
    """A statement with ``{columns}`` filled in: made once, of constants, so that values can only be parameters."""
    return sql.SQL(text).format(columns=COLUMNS).as_bytes()
