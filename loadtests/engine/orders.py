"""What the controller asks of the generator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from loadtests.engine.arrivals import Pattern

TIMEOUT_S = 10.0
"""A person who has waited that long for an answer is gone; the request counts as an error."""


@dataclass(frozen=True)
class Limits:
    """When a step can no longer be held, so that it ends early and spares the target.

    Attributes:
        sessions: most sessions at once; one more and they pile up.
        errors: most errors within the window.
        slow: most answers within the window that take longer than ``slow_s`` seconds.
        slow_s: the objective's latency.
        dead_after: errors in a row, without one good answer, for at least a second.
    """

    sessions: int
    errors: int
    slow: int
    slow_s: float
    dead_after: int = 50


@dataclass(frozen=True)
class Share:
    """What one process plays of a step: all draw the same arrivals from ``seed``, and each plays those dealt to it.

    Attributes:
        seed: of the whole step.
        part: this process, from 0.
        of: processes that play the step.
        come: people of each persona who came before this step, in whatever process.
    """

    seed: int
    part: int = 0
    of: int = 1
    come: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Order:
    """One step of the load; rates are sessions a second, times are seconds.

    Attributes:
        rates: sessions a second of each journey, by its name.
        warm_up_s: load before the window that counts.
        duration_s: length of the window.
        drain_s: longest wait for the answers under way when the window closes.
        limits: when to end early.
        sample_share: share of the sessions whose requests ask to be traced.
        think_scale: factor on the think times.
        pattern: law of the arrivals.
        course: how the rates change over the window: (seconds, factor) one after the other, which add up to
            ``duration_s``; the warm-up is at the first factor. Constant when empty.
        slice_s: length of the slices that the window is reported in; 0 for none.
    """

    rates: Mapping[str, float]
    warm_up_s: float
    duration_s: float
    drain_s: float
    limits: Limits
    sample_share: float
    think_scale: float
    pattern: Pattern = "poisson"
    course: Sequence[tuple[float, float]] = ()
    slice_s: float = 0.0
