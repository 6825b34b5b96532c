"""What is particular to this procedure, as data: who runs it, what it asks, what silence means, how to appeal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reference_app.errors import N_


@dataclass(frozen=True)
class Procedure:
    """One procedure. Sentences are in English and are translated when they are shown."""

    name: str
    summary: str
    service: str
    contact: str
    receipt_prefix: str
    amount_max: int
    silence_months: int
    silence: Literal["rejects", "accepts"]
    silence_source: str
    appeal_months: int
    appeals: tuple[str, ...]


EMERGENCY_AID = Procedure(
    name=N_("Emergency aid for businesses"),
    summary=N_("A single payment for a business whose activity was stopped or much reduced."),
    service=N_("Chamber of commerce and industry, emergency aid office"),
    contact="aide-urgence@cci.example",
    receipt_prefix="AUE",
    amount_max=50_000,
    silence_months=2,
    # A request of a financial nature is one of the exceptions in which silence rejects.
    silence="rejects",
    silence_source="CRPA, art. L231-4, 3°",
    appeal_months=2,
    appeals=(
        N_("an appeal to the service that decided, at the contact address of this receipt"),
        N_("an appeal to the administrative court (tribunal administratif), also online at www.telerecours.fr"),
    ),
)
