"""What the API says of mandates and codes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from reference_app.mandates.mandate import Mandate


class MandateOut(BaseModel):
    """A mandate as the agent who opened it reads it."""

    id: UUID
    person: str
    procedure: str
    dossier_id: UUID | None = Field(description="The only dossier it is about; null when it is for those begun in it.")
    opened_at: datetime
    ends_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, mandate: Mandate) -> Self:
        """From a row."""
        return cls(**{name: getattr(mandate, name) for name in cls.model_fields})


class CodeOut(BaseModel):
    """A code, shown once."""

    code: str = Field(examples=["K7QWE-9TZPA"])


class Claim(BaseModel):
    """A code that somebody got."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: Annotated[str, Field(min_length=1, max_length=40)]
