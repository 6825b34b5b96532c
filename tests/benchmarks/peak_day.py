"""The peak of the peak day: 160 requests a second of citizens and agents over 1 000 000 dossiers.

    python tests/benchmarks/peak_day.py [--rate 160] [--seconds 60] [--dossiers 1000000] [--workers 2]

The journeys and their shares are those of reference_app/portance.toml; the dossiers are invented, nine decided for one
that waits. Played by the product's own generator: arrivals are Poisson, people think as long as they do, and every
answer is timed from the moment it was asked for by somebody who waits for nobody else. Exits with 1 when the 95th
percentile is above 400 ms, or one answer of the service is not what was expected.
"""

from __future__ import annotations

import argparse
import asyncio
import shlex
import sys
import tempfile
import time
from pathlib import Path

from service_under_load import Service, running, said_of_machine, say

import reference_app
from loadtests import usage
from loadtests.demand import requests_of, shares
from loadtests.engine.orders import Limits, Order
from loadtests.generator import generator
from loadtests.step import Step, from_report
from reference_app.database import connect
from reference_app.seeding import seed
from scorecard.project import load

PROJECT = Path(reference_app.__file__).parent / "portance.toml"
P95_S = 0.4
WARM_UP_S = 20.0
_LIMITS = Limits(sessions=10**6, errors=10**9, slow=10**9, slow_s=P95_S)


async def fill(service: Service, dossiers: int) -> int:
    """Invented dossiers until there are so many; returns how many came."""
    async with connect(service.dsn) as connection:
        return await seed(connection, dossiers)


def play(service: Service, rate: float, seconds: float) -> tuple[Step, usage.Usage | None]:
    """The journeys, at ``rate`` requests a second on average."""
    project = load(PROJECT)
    mix = shares(project)
    journeys = [journey for journey in project.journeys if journey.name in mix]
    a_session = sum(mix[journey.name] * requests_of(journey) for journey in journeys)
    rates = {name: share * rate / a_session for name, share in mix.items()}
    populations = {"citizen": project.project.users, "agent": project.project.agents}
    url = f"http://{service.host}:{service.port}"
    with (
        tempfile.TemporaryDirectory() as folder,
        generator(url, journeys, populations, Path(folder), seed=1) as player,
    ):
        before: list[usage.Reading] = []

        def beat() -> None:
            if not before and time.monotonic() - began > WARM_UP_S:
                before.append(usage.read([service.pid]))

        began = time.monotonic()
        report = player.step(Order(rates, WARM_UP_S, seconds, 10.0, _LIMITS, 0.0, 1.0), beat)
    used = usage.between(before[0], usage.read([service.pid])) if before else None
    return from_report(report, sum(rates.values()), "peak"), used


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=160.0, help="requests a second")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--dossiers", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    say(said_of_machine(), "service, database and generator on this machine; fsync and synchronous_commit on")
    start = shlex.split(load(PROJECT).target.start or "")
    token = start[start.index("--partner-token") + 1]  # the one that the journey of the partner sends
    with running(options.workers, "--slots-of", "200", "--partner-token", token) as service:
        began = time.monotonic()
        added = asyncio.run(fill(service, options.dossiers))
        say(f"{added} dossiers written in {time.monotonic() - began:.0f} s")
        step, used = play(service, options.rate, options.seconds)
    latency = step.latency
    assert latency is not None, "nobody came"
    slowest = sorted(step.parts.items(), key=lambda part: -part[1].p95)[:5]
    say(
        f"{step.requests / step.window_s:.0f} requests/s ({step.rps:.0f} answers/s, redirects included) for "
        f"{step.window_s:.0f} s, {options.workers} workers: p50 {latency.p50 * 1000:.0f} ms, "
        f"p95 {latency.p95 * 1000:.0f} ms, p99 {latency.p99 * 1000:.0f} ms; {step.errors} errors {dict(step.kinds)}, "
        f"{step.lost} of {step.verified} not found again; generator {step.generator_cpu:.2f} of a core, "
        f"late p99 {step.lag_p99_s * 1000:.1f} ms",
        "slowest p95: " + ", ".join(f"{name} {part.p95 * 1000:.0f} ms" for name, part in slowest),
    )
    if used is not None:
        say(f"cores used: service {used.service:.2f}, database {used.database or 0.0:.2f}, machine {used.machine:.2f}")
    met = {
        f"p95 {latency.p95 * 1000:.0f} ms (at most {P95_S * 1000:.0f})": latency.p95 <= P95_S,
        f"errors {step.errors} of {step.requests}": step.errors == 0,
        f"read back what was written: {step.verified - step.lost} of {step.verified}": step.lost == 0,
        f"played {step.requests / step.window_s:.0f} requests/s (at least 95 % of {options.rate:.0f})": (
            step.requests / step.window_s >= 0.95 * options.rate
        ),
    }
    say(*(f"  {'met' if ok else 'not met'}: {what}" for what, ok in met.items()))
    return 0 if all(met.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
