"""How much more the service would bear once a diagnosis is mended, between two bounds.

Operational laws (Denning and Buzen, "The Operational Analysis of Queueing Network Models", ACM Computing Surveys 10:3,
1978; Lazowska and others, "Quantitative System Performance", 1984, chapter 5): no more passes than the busiest resource
lets through, X <= m / D, where m places serve a request for D seconds each; processor time is D = U / X.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from observability.diagnosis.diagnosis import Diagnosis, Rule
from observability.loaded import Loaded

MOST = 4.0
"""Beyond four times what was measured nothing is forecast, as for the capacity: it is "four times or more"."""
MAIN_DOOR = 0.3
"""Share of the time of all requests spent queueing at a door from which on it is what holds the whole back."""
_NO_THROUGHPUT = frozenset({Rule.MEMORY_GROWTH, Rule.BROKEN_PROPAGATION})


class Whole(NamedTuple):
    """All requests of the load that were analysed: their number, and their time (s)."""

    requests: int
    total_s: float


@dataclass(frozen=True)
class Gain:
    """Times the rate held today, at least and at most; ``high`` of :data:`MOST` is that or more.

    ``likely`` puts diagnoses in order; it is no forecast.
    """

    low: float
    high: float
    likely: float


def gain(diagnosis: Diagnosis, whole: Whole, loaded: Loaded, cores: int | None) -> Gain | None:
    """What mending brings; None where the rate does not depend on it.

    A door (pool, lock, event loop) that requests are seen to queue at is the busiest resource: one place more lets
    (m + 1) / m pass, and no more than the processor bears. Of other work it is not known whether the busiest resource
    does it: nothing at least; at most, as if the processor were busiest and the time saved were all its time, U / X
    becomes less by as much.

    Args:
        whole: all requests that were analysed.
        loaded: what the load found.
        cores: those the processes of the service can use at once, None when not known.
    """
    if diagnosis.rule in _NO_THROUGHPUT:
        return None
    processor = _processor(loaded, cores)
    share = min(1.0, diagnosis.saved_s / whole.total_s) if whole.total_s > 0 else 0.0
    if diagnosis.places:
        one_more = (diagnosis.places + 1) / diagnosis.places if share >= MAIN_DOOR else 1.0
        low = min(one_more, processor)
        high = max(low, processor)
        return Gain(low, high, math.sqrt(low * high))
    high = _without(diagnosis.saved_s, whole, loaded)
    return Gain(1.0, high, min(high, 1 / (1 - share) if share < 1 else MOST))


def _without(saved_s: float, whole: Whole, loaded: Loaded) -> float:
    """Times the rate once ``saved_s`` of processor time are gone; :data:`MOST` where the load does not tell."""
    if loaded.rps is None or loaded.cores_used is None or whole.requests == 0:
        return MOST
    left = loaded.cores_used - loaded.rps * saved_s / whole.requests
    return min(MOST, loaded.cores_used / left) if left > 0 else MOST


def by_gain(
    found: Sequence[Diagnosis], whole: Whole, loaded: Loaded, cores: int | None
) -> list[tuple[Diagnosis, Gain | None]]:
    """Diagnoses with what mending each brings, that which brings most first; of equals in the order given."""
    each = [(one, gain(one, whole, loaded, cores)) for one in found]
    return sorted(each, key=lambda pair: 0.0 if pair[1] is None else -pair[1].likely)


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
