"""The reference service: the rate of two workers predicted from measurements at one, then measured.

    python tests/benchmarks/scaling.py [--seconds 45]

The prediction is operational analysis (Denning and Buzen, 1978; Lazowska et al., Quantitative System Performance, 1984,
chapter 5): at a rate both held and measured, the Utilization Law gives the processor seconds that a journey demands of
one worker, of the database and of the rest of the machine, the load generator included. Two workers can do no more
than twice one, and no more than the machine's cores can: X(2) <= min(2 X(1), cores * u / D), where u is the use of the
machine's busiest part at which one worker no longer held its objective. The interval takes a contention of 0 to 15 %
off it (Amdahl's law), and adds what the search at one worker left open.

Exit code 1 when what is measured lies outside the interval.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from loadtests.budgets import BUDGETS
from loadtests.course import Part, play
from loadtests.loading import Played, loading, played
from loadtests.scaling import measure
from loadtests.scaling_facts import Level
from loadtests.usage import Usage, between, read
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
        predicted = predict(one, used, one.low * SHARE, machine.cores)
        say(
            f"predicted with 2 workers: {predicted.value:.1f} journeys/s, {predicted.low:.1f} to {predicted.high:.1f}, "
            f"bound by {predicted.bound}"
        )
        two = _level(start, 2, what, site, seconds)
    ratio = two.value / predicted.value
    inside = predicted.low <= two.value <= predicted.high
    say(f"measured over predicted: {ratio:.2f}; {'within' if inside else 'OUTSIDE'} the interval")
    return 0 if inside else 1


def predict(one: Level, used: Usage, rate: float, cores: int) -> Prediction:
    """The rate of two workers, from what one holds and what the processors were used for at ``rate``."""
    twice = 2 * one.value
    machine_s = used.machine / rate
    worker_s = used.busiest / rate
    # the worker is done for at this use of its core: that of the machine's cores is taken to be no different
    limit = min(1.0, one.value * worker_s)
    by_machine = cores * limit / machine_s
    say(
        f"a journey needs {worker_s * 1000:.0f} ms of the worker, {machine_s * 1000:.0f} ms of the machine; one worker "
        f"stops at {limit:.0%} of a core"
    )
    value = min(twice, by_machine)
    spread = (one.low / one.value, (one.high if one.high is not None else one.value * 1.1) / one.value)
    bound = "the machine's cores" if by_machine < twice else "the workers"
    # where the machine is the bound it may be driven to all of its cores, and the generator has its share of them
    high = min(twice, cores / machine_s) * spread[1]
    return Prediction(value, value * spread[0] / (1 + MOST_CONTENTION), max(high, value), bound)


def _demands(start: StartCopy, rate: float, what: Played, site: Site) -> Usage:
    """The use of the processors by one worker at ``rate``, over ten seconds."""
    folder = site.raw("demands")
    with start(1) as copy, loading(copy.url, what, folder) as running:
        play(running, what, [Part("warm", 3.0, rate)], 1.0, lambda: None)
        before = read(copy.pids)
        play(running, what, [Part("measured", 10.0, rate)], 1.0, lambda: None, warm_up_s=1.0)
        used = between(before, read(copy.pids))
    assert used is not None
    say(
        f"at {rate:.1f} journeys/s: worker {used.busiest:.2f}, service {used.service:.2f}, database "
        f"{used.database if used.database is not None else 0:.2f}, machine {used.machine:.2f} cores"
    )
    return used


def _level(start: StartCopy, workers: int, what: Played, site: Site, seconds: float) -> Level:
    budget = replace(BUDGETS["quick"], total_s=seconds)
    found = measure(start, workers, what, 15.0, budget, site)
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
