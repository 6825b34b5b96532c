"""How long each profile of a run may load the target, and how finely it looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scorecard.project import RunProfile


@dataclass(frozen=True)
class Budget:
    """Times in seconds.

    Attributes:
        total_s: the whole load part, start of the generator included.
        settle_s: load at the peak rate before anything is measured, so that caches and pools fill.
        warm_up_s: load before the window of each step.
        peak_s: window of the step at the peak demand.
        step_s: window of a step of the search.
        confirm_s: window of a confirmation.
        drain_s: longest wait for answers after a window.
        confirmations: repeats that must all hold.
        resolution: ratio at which bisecting stops.
        lean: where in its bracket the value lies on a ratio scale (0: the low end). Half-way, but for steps too short
            to see a queue build up, whose failures come late: there it is set so that the bias vanishes.
        searches: whether the capacity is searched after the peak demand.
        caveat: what a reader of the figures must know of this profile. Biases were found on simulated M/M/8 queues
            (40 ms of service, 188.7 a second at p95 <= 300 ms); see decision 0022.
    """

    total_s: float
    settle_s: float
    warm_up_s: float
    peak_s: float
    step_s: float
    confirm_s: float
    drain_s: float
    confirmations: int
    resolution: float
    caveat: str
    lean: float = 0.5
    searches: bool = True


BUDGETS: Mapping[RunProfile, Budget] = {
    "smoke": Budget(
        total_s=10,
        settle_s=0.5,
        warm_up_s=0.5,
        peak_s=3.5,
        step_s=3.5,
        confirm_s=3.5,
        drain_s=1,
        confirmations=1,
        resolution=1.10,
        caveat="",
        searches=False,
    ),
    "quick": Budget(
        total_s=105,
        settle_s=2,
        warm_up_s=1,
        peak_s=6,
        step_s=4,
        confirm_s=5,
        drain_s=2,
        confirmations=2,
        resolution=1.10,
        caveat="short steps: on a simulated queue of known capacity the value was right on average, with a standard "
        "deviation of 7 %; a disturbance of the machine lowers the answer, since there is no time to doubt a failure",
        lean=0.2,
    ),
    "standard": Budget(
        total_s=600,
        settle_s=10,
        warm_up_s=5,
        peak_s=30,
        step_s=20,
        confirm_s=30,
        drain_s=5,
        confirmations=3,
        resolution=1.05,
        caveat="",
    ),
    "full": Budget(
        total_s=1800,
        settle_s=30,
        warm_up_s=10,
        peak_s=60,
        step_s=45,
        confirm_s=60,
        drain_s=10,
        confirmations=3,
        resolution=1.03,
        caveat="",
    ),
}
