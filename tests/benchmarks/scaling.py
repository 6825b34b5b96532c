"""The reference service: the rate of two workers predicted from measurements at one, then measured.

    python tests/benchmarks/scaling.py [--seconds 45]

The prediction is operational analysis (Denning and Buzen, 1978; Lazowska et al., Quantitative System Performance, 1984,
chapter 5): at a rate that one worker holds, the Utilization Law gives the processor seconds D that a journey demands of
service, database and load generator, which share the machine's cores c. Two workers can do no more than twice what one
does, and no more than the cores: X(2) = min(2 X(1), c u / D). u is the use at which c cores together no longer hold the
objective: one worker stopped at u(1) of its core, and what has to be spare of a pool grows with its root only
(Halfin and Whitt, 1981): u = 1 - (1 - u(1)) / sqrt(c). The low end takes a serial share of 15 % off (Amdahl), the high
end lets the cores be used up; both add what the search at one worker left open. Whatever else runs on the machine
meanwhile is taken to be gone when two workers are measured; it is printed.

Exit code 1 when what is measured lies outside the interval.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from loadtests.budgets import BUDGETS
from loadtests.course import Part, play
from loadtests.loading import Played, loading, played
from loadtests.scaling import copies_of, measure
from loadtests.scaling_facts import Level
from loadtests.usage import between, read
from scorecard.cli.copies import copies
from scorecard.evidence import Machine
from scorecard.project import load
from scorecard.site import Site, StartCopy

PROJECT = Path(__file__).resolve().parents[2] / "reference_app" / "portance.toml"
MOST_CONTENTION = 0.15
"""Serial share of Amdahl's law at the low end: that of most published curves of services."""
SHARE = 0.6
"""Of what one worker holds, at which its demands are measured."""


@dataclass(frozen=True)
class Demands:
    """Processor seconds of a journey: of the worker, and of service, database and load generator together."""

    worker_s: float
    all_s: float


@dataclass(frozen=True)
class Prediction:
    """Journeys a second, and what bounds them."""

    value: float
    low: float
    high: float
    bound: str


def main() -> int:
    """Measure one worker, predict two, measure two; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=45.0, help="of the search at each number of workers")
    seconds = parser.parse_args().seconds
    machine = Machine.here()
    say(f"{machine.cores} cores ({machine.cpu}), load average {os.getloadavg()[0]:.1f}, {seconds:.0f} s of search each")
    with tempfile.TemporaryDirectory() as folder:
        site = Site(project=load(PROJECT), root=PROJECT.parent, run=Path(folder))
        what, start = played(site), copies(site, {})
        assert start is not None
        one = _level(start, 1, what, site, seconds)
        used = _demands(start, one.low * SHARE, what, site)
        predicted = predict(one, used, machine.cores)
        say(
            f"predicted with 2 workers: {predicted.value:.1f} journeys/s, {predicted.low:.1f} to {predicted.high:.1f}, "
            f"bound by {predicted.bound}"
        )
        two = _level(start, 2, what, site, seconds)
    ratio = two.value / predicted.value
    inside = predicted.low <= two.value <= predicted.high
    say(f"measured over predicted: {ratio:.2f}; {'within' if inside else 'OUTSIDE'} the interval")
    return 0 if inside else 1


def predict(one: Level, used: Demands, cores: int) -> Prediction:
    """The rate of two workers, from what one holds and what a journey demands."""
    of_one = min(1.0, one.value * used.worker_s)
    use = 1 - (1 - of_one) / math.sqrt(cores)
    say(
        f"a journey needs {used.worker_s * 1000:.0f} ms of the worker, {used.all_s * 1000:.0f} ms with database and "
        f"load; one worker stops at {of_one:.0%} of its core, {cores} cores at {use:.0%}"
    )
    twice, by_cores = 2 * one.value, cores * use / used.all_s
    value = min(twice, by_cores)
    low, high = one.low / one.value, (one.high if one.high is not None else one.value * 1.1) / one.value
    return Prediction(
        value=value,
        low=value * low / (1 + MOST_CONTENTION),
        high=max(value, min(twice, cores / used.all_s) * high),
        bound="the machine's cores" if by_cores < twice else "the workers",
    )


def _demands(start: StartCopy, rate: float, what: Played, site: Site) -> Demands:
    """What a journey demands, by one worker at ``rate`` over ten seconds."""
    with start(1) as copy, loading(copy.url, what, site.raw("demands")) as running:
        play(running, what, [Part("warm", 3.0, rate)], 1.0, lambda: None)
        before = read(copy.pids)
        course = play(running, what, [Part("measured", 10.0, rate)], 1.0, lambda: None, warm_up_s=1.0)
        used = between(before, read(copy.pids))
    assert used is not None
    database = used.database if used.database is not None else 0.0
    ours = used.service + database + course.whole.generator_cpu
    say(
        f"at {rate:.1f} journeys/s: worker {used.busiest:.2f}, service {used.service:.2f}, database {database:.2f}, "
        f"load {course.whole.generator_cpu:.2f}, others {used.machine - ours:.2f} cores"
    )
    return Demands(worker_s=used.busiest / rate, all_s=ours / rate)


def _level(start: StartCopy, workers: int, what: Played, site: Site, seconds: float) -> Level:
    budget = replace(BUDGETS["quick"], total_s=seconds)
    found = measure(copies_of(start), workers, what, 15.0, budget, site)
    if found is None:
        raise SystemExit(f"with {workers} workers no rate was held")
    high = "" if found.high is None else f" to {found.high:.1f}"
    say(f"{workers} worker(s): {found.value:.1f} journeys/s ({found.low:.1f}{high}), machine {found.busy:.2f} cores")
    return found


def say(line: str) -> None:
    """Print ``line`` at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
