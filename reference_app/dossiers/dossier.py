"""A dossier as the database holds it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, LiteralString
from uuid import UUID

from psycopg import sql
from psycopg.rows import class_row

from reference_app.dossiers.states import State
from reference_app.procedure import PROCEDURES, Filing, filing_of
from reference_app.written import Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """One row, whole: pages and answers are made from it without a second query."""

    id: UUID
    account_id: UUID
    procedure: str
    groupe: str
    state: State
    answers: dict[str, Any]
    known: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    receipt_number: str | None
    filed_at: datetime | None
    silence_on: date | None
    agent_id: UUID | None
    claimed_at: datetime | None
    decided_at: datetime | None
    motivation: str | None
    correction_asked_at: datetime | None
    messages: int
    pieces: int
    withdrawn_at: datetime | None
    advice: int
    advice_pending: int
    operations: int
    head: bytes | None

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", State(self.state))

    @property
    def filing(self) -> Filing:
        """What its procedure says of filing."""
        return filing_of(PROCEDURES[self.procedure])

    @property
    def procedure_name(self) -> Sentence:
        """What its procedure is called."""
        return PROCEDURES[self.procedure].name

    @property
    def version(self) -> str:
        """Names this state of its content: changed by whatever changes the content."""
        return self.updated_at.astimezone(UTC).isoformat()

    @property
    def title(self) -> str | None:
        """What it is called by in lists; None while that field is empty."""
        return self.answers.get(self.filing.title)


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
