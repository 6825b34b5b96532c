"""The agents' API of deliveries."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from reference_app.deliveries import handling, repository
from reference_app.deliveries.delivery import Delivery, Problem, State
from reference_app.deliveries.handling import Elsewhere
from reference_app.deliveries.overview import Overview, overview
from reference_app.dossiers.api import After, Limit
from reference_app.parts import Given
from reference_app.problems import documented
from reference_app.sessions import Agent

Listed = Annotated[State, Query(alias="state", description="State of the deliveries listed.")]

router = APIRouter(prefix="/api/v1/agent/versements", tags=["agents"], responses=documented(401, 403))


class DeliveryOut(BaseModel):
    """A delivery to the finance system."""

    id: UUID
    dossier_id: UUID | None
    reference: str = Field(examples=["AUE-2026-00000042"])
    amount: int = Field(description="Euros.")
    state: State
    attempts: int
    doubtful: bool = Field(description="Whether the finance system has it is not known: it is asked before sending.")
    next_at: datetime
    problem: Problem | None
    said: str | None = Field(description="What the finance system, or the agent who did it elsewhere, said.")
    accepted_on: date | None = Field(description="The day on which the finance system took it.")

    @classmethod
    def of(cls, delivery: Delivery) -> Self:
        """From a row."""
        return cls(**{name: getattr(delivery, name) for name in cls.model_fields})


class DeliveriesOut(BaseModel):
    """Deliveries as a whole, and a part of their list."""

    set_up: bool = Field(description="Whether there is a finance system to deliver to.")
    counts: dict[State, int] = Field(description="How many in each state; of those sent, today's.")
    oldest: datetime | None = Field(description="Since when the oldest one waits.")
    shut_because: Problem | None = Field(description="Why nothing is sent now.")
    shut_until: datetime | None
    items: list[DeliveryOut]
    next: UUID | None = Field(description="Value of `after` for the next part; null at the end.")

    @classmethod
    def of(cls, whole: Overview, found: list[Delivery], limit: int) -> Self:
        """From one row more than ``limit``, when there are more."""
        because, until = whole.shut if whole.shut is not None else (None, None)
        return cls(
            set_up=whole.set_up,
            counts=dict(whole.counts),
            oldest=whole.oldest,
            shut_because=because,
            shut_until=until,
            items=[DeliveryOut.of(delivery) for delivery in found[:limit]],
            next=found[limit - 1].id if len(found) > limit else None,
        )


@router.get("", response_model=DeliveriesOut, summary="List deliveries")
async def deliveries(
    parts: Given, person: Agent, state: Listed = State.READY, after: After = None, limit: Limit = 20
) -> DeliveriesOut:
    """Deliveries to the finance system in one state, oldest first, and whether anything may be sent now."""
    async with parts.pool.connection() as connection:
        whole = await overview(connection, parts.settings, parts.clock())
        found = await repository.listed(connection, person.account, state, after, limit + 1)
    return DeliveriesOut.of(whole, found, limit)


@router.get("/{delivery}", response_model=DeliveryOut, responses=documented(404), summary="Read a delivery")
async def read(parts: Given, person: Agent, delivery: UUID) -> DeliveryOut:
    """One delivery."""
    async with parts.pool.connection() as connection:
        return DeliveryOut.of(await handling.read(connection, person.account, delivery))


@router.post("/{delivery}/again", response_model=DeliveryOut, responses=documented(404, 409), summary="Deliver again")
async def again(parts: Given, person: Agent, delivery: UUID) -> DeliveryOut:
    """Attempt a delivery now; one that may have arrived is asked for before it is sent."""
    async with parts.pool.connection() as connection:
        return DeliveryOut.of(await handling.again(connection, person.account, delivery, parts.clock()))


@router.post(
    "/{delivery}/done-elsewhere",
    response_model=DeliveryOut,
    responses=documented(404, 409, 413),
    summary="Done elsewhere",
)
async def done_elsewhere(parts: Given, person: Agent, delivery: UUID, elsewhere: Elsewhere) -> DeliveryOut:
    """Deliver no more: it was paid some other way, and how is said."""
    async with parts.pool.connection() as connection:
        done = await handling.done_elsewhere(connection, person.account, delivery, elsewhere, parts.clock())
    return DeliveryOut.of(done)
