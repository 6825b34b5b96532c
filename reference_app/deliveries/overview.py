"""What the page of deliveries and the API say of them all: how many, how old, and whether anything may be sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from reference_app.database import Connection
from reference_app.deliveries import gate, repository
from reference_app.deliveries.delivery import Problem, State
from reference_app.deliveries.policy import Policy
from reference_app.dossiers.receipt import LEGAL_TIME
from reference_app.settings import Settings


@dataclass(frozen=True)
class Overview:
    """``counts`` of today for what was sent; ``shut`` says why nothing is sent now, and until when."""

    set_up: bool
    counts: Mapping[State, int]
    oldest: datetime | None
    shut: tuple[Problem, datetime] | None
    trying: bool
    retries_left: int


async def overview(connection: Connection, settings: Settings, now: datetime) -> Overview:
    """Deliveries as a whole, at ``now``."""
    policy = Policy.of(settings)
    found = await gate.read(connection, now)
    return Overview(
        set_up=settings.finance_url is not None,
        counts=await repository.counts(connection, now.astimezone(LEGAL_TIME).date()),
        oldest=await repository.oldest_ready(connection),
        shut=found.shut(now, policy),
        trying=found.failures >= policy.trips_after,
        retries_left=int(found.budget(now, policy)),
    )
