"""A delivery: the second axis of state of an accepted dossier, its payment in the finance system."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from psycopg.rows import class_row

from reference_app.errors import N_


class State(StrEnum):
    """Where a delivery stands."""

    READY = "ready"
    SENT = "sent"
    FAILED = "failed"
    DONE_ELSEWHERE = "done_elsewhere"


LABELS: Mapping[State, str] = {
    State.READY: N_("To deliver"),
    State.SENT: N_("Delivered"),
    State.FAILED: N_("Not delivered"),
    State.DONE_ELSEWHERE: N_("Done elsewhere"),
}


class Problem(StrEnum):
    """Why an attempt did not end with a delivery."""

    CLOSED = "closed"
    BUSY = "busy"
    AWAY = "away"
    SILENT = "silent"
    GARBLED = "garbled"
    BROKEN = "broken"
    REFUSED = "refused"


PROBLEMS: Mapping[Problem, str] = {
    Problem.CLOSED: N_("The finance system is closed."),
    Problem.BUSY: N_("The finance system takes no more for the moment."),
    Problem.AWAY: N_("The finance system does not answer."),
    Problem.SILENT: N_("The finance system gave no answer: whether it took the payment is asked before sending again."),
    Problem.GARBLED: N_("The finance system answered something that cannot be read."),
    Problem.BROKEN: N_("The finance system reported an error of its own."),
    Problem.REFUSED: N_("The finance system refused the payment."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One row. ``doubtful``: an attempt began whose outcome is unknown; ``held_until``: one is under way."""

    id: UUID
    dossier_id: UUID | None
    procedure: str
    reference: str
    amount: int
    state: State
    attempts: int
    doubtful: bool
    next_at: datetime
    held_until: datetime | None
    problem: Problem | None
    said: str | None
    accepted_on: date | None
    created_at: datetime
    updated_at: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", State(self.state))
        object.__setattr__(self, "problem", None if self.problem is None else Problem(self.problem))


ROW = class_row(Delivery)
COLUMNS = ", ".join(f"delivery.{name}" for name in Delivery.__dataclass_fields__)
