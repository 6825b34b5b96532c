"""The receipt of a filing: what article R112-11-1 of the CRPA wants it to say.

Date of reception, service with its address and telephone, what silence means and from which date, and how to appeal.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from reference_app.months import months_after
from reference_app.procedure import Filing

LEGAL_TIME = ZoneInfo("Europe/Paris")


@dataclass(frozen=True)
class Receipt:
    """Proof that a dossier was filed."""

    number: str
    filed_at: datetime
    silence_on: date


def issue(rules: Filing, rank: int, filed_at: datetime) -> Receipt:
    """The receipt of the filing number ``rank``, received at ``filed_at`` (with a time zone)."""
    received = filed_at.astimezone(LEGAL_TIME).date()
    return Receipt(
        number=f"{rules.receipt_prefix}-{received.year}-{rank:08d}",
        filed_at=filed_at,
        silence_on=silence_date(received, rules.silence_months),
    )


def silence_date(received: date, months: int) -> date:
    """The date on which silence decides: ``months`` counted from the day after ``received``."""
    return months_after(received + timedelta(days=1), months)
