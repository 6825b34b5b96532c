"""How much more the service would bear once a diagnosis is mended, between two bounds.

Operational laws (Denning and Buzen, "The Operational Analysis of Queueing Network Models", ACM Computing Surveys 10:3,
1978; Lazowska and others, "Quantitative System Performance", 1984, chapter 5): no more passes than the busiest resource
lets through, X <= m / D, where m places serve a request for D seconds each; processor time is D = U / X.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from observability.diagnosis.diagnosis import Diagnosis, Rule
from observability.loaded import Loaded

MOST = 4.0
"""Beyond four times what was measured nothing is forecast, as for the capacity: it is "four times or more"."""
MAIN_DOOR = 0.3
"""Share of the time of all requests spent queueing at a door from which on it is what holds the whole back."""
_NO_THROUGHPUT = frozenset({Rule.MEMORY_GROWTH, Rule.BROKEN_PROPAGATION})


@dataclass(frozen=True)
class Gain:
    """Times the rate held today, at least and at most; ``high`` of :data:`MOST` is that or more."""

    low: float
    high: float

    @property
    def middle(self) -> float:
        """Between the two by ratio; diagnoses are put in order by it, it is no forecast."""
        return math.sqrt(self.low * self.high)


def gain(diagnosis: Diagnosis, total_s: float, loaded: Loaded, cores: int | None) -> Gain | None:
    """What mending brings; None where the rate does not depend on it.

    A door (pool, lock, event loop) that requests are seen to queue at is the busiest resource: one place more lets
    (m + 1) / m pass, and no more than the processor bears. Of other work it is not known whether the busiest resource
    does it: nothing at least, and at most the share of the time that goes.

    Args:
        total_s: time of all requests.
        loaded: what the load found.
        cores: those the processes of the service can use at once, None when not known.
    """
    if diagnosis.rule in _NO_THROUGHPUT:
        return None
    processor = _processor(loaded, cores)
    share = min(1.0, diagnosis.saved_s / total_s) if total_s > 0 else 0.0
    if diagnosis.places:
        one_more = (diagnosis.places + 1) / diagnosis.places if share >= MAIN_DOOR else 1.0
        low = min(one_more, processor)
        return Gain(low, max(low, processor))
    return Gain(1.0, min(MOST, 1 / (1 - share)) if share < 1 else MOST)


def by_gain(
    found: Sequence[Diagnosis], total_s: float, loaded: Loaded, cores: int | None
) -> list[tuple[Diagnosis, Gain | None]]:
    """Diagnoses with what mending each brings, that which brings most first; of equals in the order given."""
    each = [(one, gain(one, total_s, loaded, cores)) for one in found]
    return sorted(each, key=lambda pair: 0.0 if pair[1] is None else -pair[1].middle)


def users(found: Gain | None, loaded: Loaded) -> tuple[float, float] | None:
    """Users more that could be held, at least and at most; None where nothing is known of those held today."""
    if found is None or loaded.users is None:
        return None
    low, _, high = loaded.users
    return low * (found.low - 1), high * (found.high - 1)


def _processor(loaded: Loaded, cores: int | None) -> float:
    """Times the rate that the processor would bear, were it all that is used; :data:`MOST` where it is not known."""
    if loaded.cores_used is None or cores is None or loaded.cores_used <= 0:
        return MOST
    return min(MOST, max(1.0, cores / loaded.cores_used))
