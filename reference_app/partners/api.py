"""The API of other administrations: changes since a cursor, dossiers of their procedures, seats taken."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from reference_app.appointments.days import Day
from reference_app.dossiers.api import After, Limit
from reference_app.dossiers.dossier import Dossier
from reference_app.dossiers.states import State
from reference_app.errors import N_, NotFound
from reference_app.partners import access, changes, reading
from reference_app.partners.changes import Change, Event
from reference_app.partners.partner import Partner, accessed
from reference_app.parts import Given
from reference_app.problems import documented
from reference_app.procedure import PROCEDURES

NO_SUCH = N_("There is no such thing among what this token may read.")
LAST_LINE = 2**63 - 1

Cursor = Annotated[int, Query(alias="after", ge=0, le=LAST_LINE, description="`next` of the answer before.")]
Named = Annotated[str, Query(min_length=1, max_length=60, description="A procedure of this partner.")]
OnDay = Annotated[Day, Query(alias="day", description="Legal time.")]

router = APIRouter(
    prefix="/api/partner/v1",
    tags=["partners"],
    route_class=access.PartnerRoute,
    responses=documented(401, 403) | {304: {"description": "`If-None-Match` named what would be answered."}},
)


class ChangeOut(BaseModel):
    """A change of state."""

    change: int
    at: datetime
    type: Event
    dossier: UUID
    procedure: str
    state: State

    @classmethod
    def of(cls, change: Change) -> Self:
        """From a row."""
        return cls(
            change=change.id,
            at=change.at,
            type=change.event,
            dossier=change.dossier_id,
            procedure=change.procedure,
            state=change.state,
        )


class ChangesOut(BaseModel):
    """Changes in their order."""

    items: list[ChangeOut]
    next: int = Field(description="Value of `after` for the next question, now or in an hour.")
    more: bool = Field(description="Whether there is more to ask for at once; `items` may be empty all the same.")


class PartnerDossierOut(BaseModel):
    """A dossier, as far as this partner needs it."""

    id: UUID
    procedure: str
    state: State
    receipt_number: str
    filed_at: datetime
    updated_at: datetime
    decided_at: datetime | None
    fields: dict[str, str | int] = Field(description="The answers that were agreed upon with this partner, by name.")

    @classmethod
    def of(cls, dossier: Dossier, partner: Partner) -> Self:
        """From a row; an answer that the partner does not need stays behind."""
        same = {name: getattr(dossier, name) for name in cls.model_fields if name != "fields"}
        return cls(**same, fields={name: dossier.answers[name] for name in partner.fields if name in dossier.answers})


class PartnerDossiersOut(BaseModel):
    """A part of the dossiers."""

    items: list[PartnerDossierOut]
    next: UUID | None = Field(description="Value of `after` for the next part, which may be empty; null at the end.")


class SeatsOut(BaseModel):
    """Seats of a place on a day."""

    lieu: UUID
    name: str
    seats: int
    taken: int


class AttendanceOut(BaseModel):
    """Seats of a procedure on a day, place by place."""

    procedure: str
    day: date
    items: list[SeatsOut]


@router.get("/changes", response_model=ChangesOut, openapi_extra=access.SECURITY, summary="Changes since a cursor")
async def changed(parts: Given, partner: access.Changes, after: Cursor = 0, limit: Limit = 20) -> ChangesOut:
    """Every change of state of dossiers of this partner's procedures, once, in order; begin with 0."""
    async with parts.pool.connection() as connection:
        await accessed(connection, partner.id, "changes", parts.clock())
        part = await changes.since(connection, after, partner.procedures, limit)
    return ChangesOut(items=[ChangeOut.of(change) for change in part.changes], next=part.cursor, more=part.more)


@router.get("/dossiers", response_model=PartnerDossiersOut, openapi_extra=access.SECURITY, summary="List dossiers")
async def listed(parts: Given, partner: access.Dossiers, after: After = None, limit: Limit = 20) -> PartnerDossiersOut:
    """Filed dossiers of this partner's procedures, in the order they were begun."""
    async with parts.pool.connection() as connection:
        await accessed(connection, partner.id, "dossiers", parts.clock())
        found, following = await reading.dossiers(connection, partner.procedures, after, limit)
    return PartnerDossiersOut(items=[PartnerDossierOut.of(dossier, partner) for dossier in found], next=following)


@router.get(
    "/dossiers/{dossier}",
    response_model=PartnerDossierOut,
    openapi_extra=access.SECURITY,
    responses=documented(404),
    summary="Read a dossier",
)
async def read(parts: Given, partner: access.Dossiers, dossier: UUID) -> PartnerDossierOut:
    """One filed dossier of a procedure of this partner."""
    async with parts.pool.connection() as connection:
        await accessed(connection, partner.id, "dossier", parts.clock(), dossier)
        found = await reading.dossier(connection, partner.procedures, dossier)
    if found is None:
        raise NotFound(NO_SUCH)
    return PartnerDossierOut.of(found, partner)


@router.get(
    "/rendez-vous",
    response_model=AttendanceOut,
    openapi_extra=access.SECURITY,
    responses=documented(404),
    summary="Count appointments",
)
async def attendance(parts: Given, partner: access.Appointments, procedure: Named, day: OnDay) -> AttendanceOut:
    """How many seats each place has on a day, and how many are taken; of nobody in particular."""
    if procedure not in partner.procedures or PROCEDURES[procedure].appointments is None:
        raise NotFound(NO_SUCH)
    async with parts.pool.connection() as connection:
        await accessed(connection, partner.id, "appointments", parts.clock())
        found = await reading.counted(connection, procedure, day)
    items = [SeatsOut(lieu=each.lieu, name=each.name, seats=each.seats, taken=each.taken) for each in found]
    return AttendanceOut(procedure=procedure, day=day, items=items)
