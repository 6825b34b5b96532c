"""How long what a procedure takes in is kept, as its file says it."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from reference_app.written import Sentence, Strict

Days = Annotated[int, Field(ge=1, le=3660)]
Months = Annotated[int, Field(ge=1, le=600)]


class Retention(Strict):
    """Times counted from the last change of a draft, the decision of a dossier, the day of an appointment.

    Silence decides too: a dossier that nobody decided is kept for ``decided_months`` from the day silence did.
    """

    drafts_days: Days | None = None
    told_days: Annotated[Days | None, Field(description="How long before it goes the author of a draft is told.")] = (
        None
    )
    decided_months: Annotated[Months | None, Field(description="Dossiers accepted or rejected.")] = None
    closed_months: Annotated[Months | None, Field(description="Dossiers withdrawn, or closed without action.")] = None
    messages_months: Annotated[Months | None, Field(description="Messages, counted like the dossier they are of.")] = (
        None
    )
    appointments_days: Days | None = None
    source: Annotated[Sentence, Field(description="Where these times come from.")]

    @model_validator(mode="after")
    def _is_told_in_time(self) -> Self:
        if (self.drafts_days is None) != (self.told_days is None):
            raise ValueError("drafts_days and told_days go together")
        if self.drafts_days is not None and self.told_days is not None and self.told_days >= self.drafts_days:
            raise ValueError("told_days is less than drafts_days")
        return self

    def required(self, *, filing: bool, appointments: bool) -> None:
        """Refuse times that leave something of the procedure without an end. Raises ValueError naming the key."""
        needed = ("drafts_days", "decided_months", "closed_months") if filing else ()
        for name in (*needed, *(("appointments_days",) if appointments else ())):
            if getattr(self, name) is None:
                raise ValueError(f"retention: {name} is missing")
