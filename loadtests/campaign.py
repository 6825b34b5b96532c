"""The load part of a run from smoke check to confirmed capacity, within its time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from loadtests.budgets import Budget
from loadtests.engine.orders import Limits, Order
from loadtests.figures import french
from loadtests.pace import Pace, plan
from loadtests.player import Player
from loadtests.processor import CpuClock
from loadtests.search import Capacity, Phase, search
from loadtests.steady import SLICES, still_warming_up
from loadtests.steady_clock import SteadyClock
from loadtests.step import Objective, Step, from_report
from loadtests.step_log import StepLog
from scorecard.evidence import Text
from scorecard.project_journeys import Journey
from scorecard.site import Progress

FEWEST_EXPECTED = 100
"""A step must promise so many requests: the 95th percentile of fewer moves with every single one."""
_THINK_SHARE = 0.6
_SAMPLE_SHARE = 0.1
_SAMPLED_PER_S = 100.0
RECOVERY_S = 6.0
"""A target that does not answer a lone visitor for that long is dead."""
_CALM_S = 1.5
"""Longest wait for a target that answers, but badly or slowly, to get over a step."""
_SPARE_ERRORS = 5
_SETTLINGS = 3
"""Warm-ups at most, before a service that still gets faster is measured all the same."""


class SmokeFailure(Exception):  # noqa: N818 (what the collection found, caught by it)
    """A journey does not work even alone; ``reason`` says which step and how."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


class TargetDied(Exception):  # noqa: N818 (what the collection found, caught by it)
    """The target stopped answering under load and did not come back."""

    def __init__(self, rate: float) -> None:
        super().__init__(f"{rate:g}")
        self.rate = rate


@dataclass
class Campaign:
    """A load on a target: what is offered, what it is held to, and every step made so far.

    Attributes:
        generator: the running load generator.
        journeys: what visitors do.
        shares: share of each journey among all arrivals; they add up to 1.
        objective: what a good answer is.
        budget: times.
        peak: journeys a second at the peak of the peak day.
        tell: called about once a second with what is being done, the fraction done and the seconds left.
        cpu: processor clock of the service, None when its processes are not known.
        log: where steps are written down as they end, with those of an earlier attempt to go on from.
        clock: monotonic seconds.
        wall: the machine's clock.
        steps: every step made.
        requests_per_journey: steps that go to the target, as the smoke check counted them; those that it did not
            reach are counted from the journey.
        hops_per_journey: requests the target gets from a journey, redirects included, counted in the same way; None
            before the smoke check.
        cold: whether the service was still getting faster when its warm-ups were over.
    """

    generator: Player
    journeys: Sequence[Journey]
    shares: Mapping[str, float]
    objective: Objective
    budget: Budget
    peak: float
    tell: Progress
    cpu: CpuClock | None = None
    log: StepLog | None = None
    clock: Callable[[], float] = time.monotonic
    wall: Callable[[], datetime] = lambda: datetime.now(UTC)
    steps: list[Step] = field(default_factory=list)
    requests_per_journey: float = 1.0
    hops_per_journey: float | None = None
    cold: bool = False

    def __post_init__(self) -> None:
        self._pace = Pace(self.budget, self.clock)
        self._times = SteadyClock(self.wall, self.clock)
        self._peak_to_use: Step | None = None
        longest = max(sum(step.think for step in journey.session) for journey in self.journeys)
        # think times change how many sessions there are, not how many requests a second: in a short step they are
        # shortened, so that the window sees every step of the journeys and not their beginnings only
        self.think_scale = min(1.0, _THINK_SHARE * self.budget.warm_up_s / longest) if longest > 0 else 1.0

    def smoke(self) -> None:
        """Send one visitor through each journey, citizens first, with no other load.

        Raises:
            SmokeFailure: a step went wrong.
        """
        requests = hops = 0.0
        for journey in sorted(self.journeys, key=lambda j: j.persona != "citizen"):
            self._say(Text(en=f"Trying journey {journey.name}", fr=f"Essai du parcours {journey.name}"))
            steps = self.generator.smoke(journey, self.think_scale)["steps"]
            last = steps[-1]
            if last["error"] is not None:
                raise SmokeFailure(_smoke_reason(journey.name, len(steps), last))
            # under load there is more to do: steps that a queue with nothing in it left out count as one request each
            left_out = sum(step.path.startswith("/") for step in journey.session[len(steps) :])
            requests += self.shares[journey.name] * (left_out + sum(step["hops"] > 0 for step in steps))
            hops += self.shares[journey.name] * (left_out + sum(step["hops"] for step in steps))
        self.requests_per_journey, self.hops_per_journey = requests, hops

    def peak_demand(self) -> Step:
        """Warm the target up until it has settled, then measure it at the peak demand, or at the least rate that can
        be judged.
        """
        budget = self.budget
        rate = max(self.peak, self.least_rate(budget.peak_s))
        for _ in range(_SETTLINGS):
            report = self._load(rate, "settle", budget.settle_s, slice_s=budget.settle_s / SLICES)
            self._recovered(from_report(report, rate, "settle"))
            self.cold = still_warming_up(report["slices"])
            if not self.cold:
                break
        return self.measure(rate, "peak", budget.peak_s)

    def capacity(self) -> Capacity:
        """Search for the highest rate that holds the objective.

        Raises:
            TargetDied: with the rate at which it did.
        """
        wanted = plan(self.budget, self.objective, self.peak, self.least_rate(self.budget.step_s))
        if self.steps and self.steps[0].rate == wanted.start:
            self._peak_to_use = self.steps[0]  # it has measured the first rate already, and longer
        return search(self._searched, self.objective, wanted, self._can_afford)

    def least_rate(self, window_s: float) -> float:
        """Journeys a second that promise enough requests within ``window_s`` seconds."""
        return FEWEST_EXPECTED / (window_s * max(self.requests_per_journey, 1e-9))

    def jumped_s(self) -> float:
        """Seconds by which the machine's clock was set since the campaign began."""
        return self._times.jumped_s()

    def measure(self, rate: float, phase: str, window_s: float) -> Step:
        """Offer ``rate`` journeys a second and keep what was measured within ``window_s`` seconds after the warm-up.

        What an earlier attempt has measured in its place is taken from the log.

        Raises:
            TargetDied: no answer came any more.
        """
        record = self.log.recall(phase, rate, window_s) if self.log is not None else None
        recalled = record is not None
        if record is None:
            record = self._recorded(rate, phase, window_s)
        began, over = (datetime.fromisoformat(record[name]) for name in ("started", "ended"))
        step = replace(
            from_report(record["report"], rate, phase, record["service_cpu"]),
            busiest_process=record.get("busiest_process"),
            began=began,
            over=over,
        )
        self.steps.append(step)
        if recalled:
            self._pace.spent_s += (over - began).total_seconds()
        else:
            self._recovered(step)
        return step

    def _searched(self, rate: float, phase: Phase) -> Step:
        if self._peak_to_use is not None:
            peak, self._peak_to_use = self._peak_to_use, None  # a void step is not offered twice
            return peak
        return self.measure(rate, phase, self.budget.confirm_s if phase == "confirm" else self.budget.step_s)

    def _can_afford(self, phase: Phase) -> bool:
        measured = self._peak_to_use is not None or (self.log is not None and bool(self.log.earlier))
        return measured or self._pace.can_afford(phase)

    def _recorded(self, rate: float, phase: str, window_s: float) -> dict[str, Any]:
        """Measure one step and write it down."""
        started = self._times.now()
        before = self.cpu.read() if self.cpu is not None else None
        report = self._load(rate, phase, window_s)
        used = self.cpu.since(before) if self.cpu is not None and before is not None else None
        record = {
            "phase": phase,
            "rate": rate,
            "window_s": window_s,
            "started": started.isoformat(),
            "ended": self._times.now().isoformat(),
            "service_cpu": None if used is None else used.with_database,
            "busiest_process": None if used is None else used.busiest,
            "report": report,
        }
        if self.log is not None:
            self.log.add(record)
        return record

    def _load(self, rate: float, phase: str, window_s: float, slice_s: float = 0.0) -> dict[str, Any]:
        budget = self.budget
        requests = rate * self.requests_per_journey * window_s
        order = Order(
            rates={name: rate * share for name, share in self.shares.items()},
            warm_up_s=budget.warm_up_s,
            duration_s=window_s,
            drain_s=budget.drain_s,
            limits=self._limits(rate, requests),
            sample_share=min(_SAMPLE_SHARE, _SAMPLED_PER_S / (rate * self.requests_per_journey)),
            think_scale=self.think_scale,
            slice_s=slice_s,
        )
        return self.generator.step(order, lambda: self._say(_doing(phase, rate)))

    def _limits(self, rate: float, requests: float) -> Limits:
        """Limits that only a step which has failed already can pass, but for the sessions at once.

        More than 1.1 times the errors or slow answers the whole window allows cannot be made good. Sessions are too
        many at twice the number that would be under way if each answer took eight times the objective.
        """
        longest = max(
            sum(s.think for s in j.session) * self.think_scale + len(j.session) * 8 * self.objective.p95_s
            for j in self.journeys
        )
        return Limits(
            sessions=math.ceil(2 * rate * longest) + 50,
            errors=math.ceil(1.1 * requests * self.objective.error_rate) + _SPARE_ERRORS,
            slow=math.ceil(1.1 * requests * 0.05) + _SPARE_ERRORS,
            slow_s=self.objective.p95_s,
        )

    def _recovered(self, step: Step) -> None:
        """After a step that went badly, wait until a lone visitor is served again.

        Raises:
            TargetDied: no answer came at all.
        """
        if step.broken is None and not step.errors:
            return
        journey = next(iter(sorted(self.journeys, key=lambda j: j.persona != "citizen")))
        began = self.clock()
        while True:
            last = self.generator.smoke(journey, 0.0)["steps"][-1]
            if last["error"] is None and last["latency_s"] <= self.objective.p95_s:
                return
            answers = last["status"] != 0
            if self.clock() - began >= (_CALM_S if answers else RECOVERY_S):
                if not answers:
                    raise TargetDied(step.rate)
                return
            time.sleep(0.2)

    def _say(self, what: Text) -> None:
        left = max(0.0, self._pace.left())
        self.tell(what, 1 - left / self.budget.total_s, left)


def _doing(phase: str, rate: float) -> Text:
    match phase:
        case "settle":
            return Text(en="Warming the service up", fr="Mise en température du service")
        case "peak":
            return Text(
                en=f"Peak demand: {rate:.1f} journeys/s", fr=f"Pointe de la demande : {french(rate)} parcours/s"
            )
        case "doubt":
            return Text(en=f"Trying {rate:.1f} journeys/s once more", fr=f"Nouvel essai à {french(rate)} parcours/s")
        case "confirm":
            return Text(en=f"Confirming {rate:.1f} journeys/s", fr=f"Confirmation à {french(rate)} parcours/s")
        case _:
            return Text(en=f"Searching: {rate:.1f} journeys/s", fr=f"Recherche : {french(rate)} parcours/s")


def _smoke_reason(journey: str, number: int, step: Mapping[str, object]) -> Text:
    status = step["status"]
    en = f"answered {status}" if status else "got no answer"
    fr = f"a répondu {status}" if status else "n’a pas eu de réponse"
    return Text(
        en=f"Journey {journey} does not work even for one visitor: step {number} ({step['label']}) {en}: "
        f"{step['error']}.",
        fr=f"Le parcours {journey} ne fonctionne pas, même pour un seul visiteur : l’étape {number} "
        f"({step['label']}) {fr} : {step['error']}.",
    )
