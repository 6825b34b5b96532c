"""How hard the finance system may be pressed: cap, breaker, budget of retries, hours. All of it follows from here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Self

from reference_app.dossiers.receipt import LEGAL_TIME
from reference_app.settings import Settings


@dataclass(frozen=True)
class Policy:
    """Seconds and counts; a test passes shorter ones.

    ``settle_s`` is how long the system may go on with a call that was given up: asking before would miss it.
    """

    at_once: int = 4
    timeout_s: float = 10.0
    attempts: int = 10
    first_wait_s: float = 60.0
    longest_wait_s: float = 3600.0
    settle_s: float = 60.0
    trips_after: int = 5
    open_s: float = 60.0
    longest_open_s: float = 900.0
    budget_share: float = 0.1
    budget_most: float = 10.0
    budget_a_minute: float = 2.0
    opens: time | None = None
    closes: time | None = None

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """As the settings say."""
        opens, closes = _hours(settings.finance_hours)
        return cls(at_once=settings.finance_at_once, timeout_s=settings.finance_timeout_s, opens=opens, closes=closes)

    @property
    def hold(self) -> timedelta:
        """How long an attempt keeps its delivery: two calls, and what the system may still do after the second."""
        return timedelta(seconds=2 * self.timeout_s + self.settle_s)

    def wait(self, attempts: int, draw: float) -> timedelta:
        """Until the next attempt after number ``attempts``: twice as long each time, spread by ``draw`` (0 to 1).

        From half to the whole of the delay ("equal jitter"), so that what failed together does not come back together.
        """
        grown = min(self.longest_wait_s, self.first_wait_s * 2.0 ** min(max(attempts - 1, 0), 30))
        return timedelta(seconds=max(self.settle_s, grown * (0.5 + draw / 2)))

    def opens_at(self, now: datetime) -> datetime | None:
        """When the system opens next; None while it is open."""
        if self.opens is None or self.closes is None:
            return None
        local = now.astimezone(LEGAL_TIME)
        if self.opens <= local.time() < self.closes:
            return None
        day = local.date() if local.time() < self.opens else local.date() + timedelta(days=1)
        return datetime.combine(day, self.opens, LEGAL_TIME)


def _hours(said: str | None) -> tuple[time | None, time | None]:
    if said is None:
        return None, None
    opens, _, closes = said.partition("-")
    return time.fromisoformat(opens), time.fromisoformat(closes)
