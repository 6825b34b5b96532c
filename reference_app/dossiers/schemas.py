"""What the API says of a dossier."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field

from reference_app.dossiers.corrections import Correction, Reason
from reference_app.dossiers.dossier import Dossier, Treatment
from reference_app.dossiers.messages import Message
from reference_app.dossiers.states import State
from reference_app.procedure import PROCEDURES
from reference_app.sources.said import Said

Say = Callable[[str], str]
"""Gives a sentence of the code in the reader's language."""


class ReceiptOut(BaseModel):
    """Receipt of the filing (CRPA, art. R112-11-1)."""

    number: str = Field(examples=["AUE-2026-00000042"])
    filed_at: datetime
    service: str
    contact: str
    telephone: str | None = Field(default=None, examples=["01 99 00 12 34"])
    silence: Literal["rejects", "accepts"] = Field(description="What it means when nobody answers.")
    silence_on: date = Field(description="The day on which silence decides.")
    appeals: list[str]


class DossierOut(BaseModel):
    """A dossier as its author reads it."""

    id: UUID
    procedure: str = Field(examples=["emergency-aid"])
    state: State
    answers: dict[str, str | int] = Field(description="The fields of the form that were filled in, by name.")
    # Both have a default: answers kept for retries by the version before do not hold them.
    known: dict[str, Said] = Field(default_factory=dict, description="What each source said of it, by its name.")
    version: str = Field(default="", description="Its ETag; in `If-Match`, only this state of it is replaced.")
    created_at: datetime
    updated_at: datetime
    decided_at: datetime | None
    motivation: str | None = Field(description="Reasons of the decision.")
    correction_asked_at: datetime | None = Field(description="Since when it waits for its author to mend it.")
    withdrawn_at: datetime | None
    messages: int = Field(description="How many were written about it.")
    pieces: int = Field(default=0, description="How many files were sent with it.")
    receipt: ReceiptOut | None = Field(description="There once the dossier is filed.")

    @classmethod
    def of(cls, dossier: Dossier, say: Say) -> Self:
        """From a row, its sentences in the language of ``say``."""
        same = (name for name in DossierOut.model_fields if name != "receipt")
        return cls(**{name: getattr(dossier, name) for name in same}, receipt=receipt_of(dossier, say))


class SummaryOut(BaseModel):
    """A line of a list."""

    id: UUID
    procedure: str
    state: State
    title: str | None = Field(description="What the dossier is called by; null while that field is empty.")
    created_at: datetime
    receipt_number: str | None
    filed_at: datetime | None

    @classmethod
    def of(cls, dossier: Dossier) -> Self:
        """From a row."""
        return cls(**{name: getattr(dossier, name) for name in cls.model_fields})


class PageOut(BaseModel):
    """A part of a list, and where the next one starts."""

    items: list[SummaryOut]
    next: UUID | None = Field(description="Value of `after` for the next part; null at the end.")

    @classmethod
    def of(cls, dossiers: list[Dossier], limit: int) -> Self:
        """From one row more than ``limit``, when there are more."""
        shown = dossiers[:limit]
        return cls(
            items=[SummaryOut.of(d) for d in shown], next=shown[-1].id if shown and len(dossiers) > limit else None
        )


class CorrectionOut(BaseModel):
    """What an agent asked to mend."""

    reason: Reason
    said: str
    asked_at: datetime
    resolved_at: datetime | None = Field(description="When it was sent back; null while it waits for that.")

    @classmethod
    def of(cls, correction: Correction) -> Self:
        """From a row."""
        return cls(**{name: getattr(correction, name) for name in cls.model_fields})


class MessageOut(BaseModel):
    """A message about a dossier."""

    id: UUID
    from_agent: bool
    text: str
    at: datetime

    @classmethod
    def of(cls, message: Message) -> Self:
        """From a row."""
        return cls(**{name: getattr(message, name) for name in cls.model_fields})


class TreatmentOut(BaseModel):
    """One state in the history."""

    state: State
    at: datetime
    motivation: str | None

    @classmethod
    def of(cls, treatment: Treatment) -> Self:
        """From a row."""
        return cls(state=treatment.state, at=treatment.at, motivation=treatment.motivation)


def receipt_of(dossier: Dossier, say: Say) -> ReceiptOut | None:
    """The receipt, None for a draft."""
    if dossier.receipt_number is None or dossier.filed_at is None or dossier.silence_on is None:
        return None
    procedure, rules = PROCEDURES[dossier.procedure], dossier.filing
    return ReceiptOut(
        number=dossier.receipt_number,
        filed_at=dossier.filed_at,
        service=say(procedure.service.en),
        contact=procedure.contact,
        telephone=procedure.telephone,
        silence=rules.silence,
        silence_on=dossier.silence_on,
        appeals=[say(appeal.en) for appeal in rules.appeals],
    )
