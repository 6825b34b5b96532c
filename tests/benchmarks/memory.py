"""Memory of each worker under load: it must not grow for as long as the load lasts.

    python tests/benchmarks/memory.py [--minutes 10] [--rate 120] [--workers 2]

Reads, drafts that are made and filed, and people seen for the first time, at an even rate. The resident memory of each
worker is read every few seconds; after the first fifth, in which caches fill, the robust slope (Theil and Sen) must be
below 12 MB an hour for each worker, or the whole growth below what the readings vary by. Exits with 1 when it is not.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections import Counter
from itertools import combinations
from uuid import uuid4

import uvloop
from lean_client import Client, get, post
from service_under_load import Service, running, said_of_machine, say

from reference_app.seeding import ANSWERS

MOST_PER_HOUR = 12 * 2**20
WARM_UP = 0.2
READINGS = 100

Readings = list[tuple[float, dict[int, int]]]


async def somebody(client: Client, cookie: str, seen: Counter[int]) -> None:
    """A person who starts a draft, files it, looks at it and at what is free."""
    body = json.dumps(ANSWERS).encode()
    key = f"Idempotency-Key: {uuid4()}"
    made = await client.ask(post("/api/v1/procedures/emergency-aid/dossiers", cookie, body, key))
    seen[made.status] += 1
    if made.status != 201:
        return
    dossier = json.loads(made.body)["id"]
    for request in (
        post(f"/api/v1/dossiers/{dossier}/file", cookie, b"", f"Idempotency-Key: {uuid4()}"),
        get(f"/dossiers/{dossier}", cookie),
        get("/procedures/masks", cookie),
        get("/dossiers", cookie),
        get(f"/nowhere/{uuid4()}", cookie),  # what strangers try must leave nothing behind either
    ):
        seen[(await client.ask(request)).status] += 1


async def watch(service: Service, rate: float, seconds: float) -> tuple[Readings, Counter[int]]:
    """Memory by the second under ``rate`` requests a second, six for each person."""
    client = Client(service.host, service.port)
    seen: Counter[int] = Counter()
    readings: Readings = []
    begin = time.perf_counter()
    waiting: list[str] = []
    due = next_reading = 0.0
    async with asyncio.TaskGroup() as group:
        while (now := time.perf_counter() - begin) < seconds:
            if now >= next_reading:
                readings.append((now, service.memory()))
                next_reading += seconds / READINGS
            if not waiting:
                waiting = [service.cookie(account) for account in service.people(500)]
            group.create_task(somebody(client, waiting.pop(), seen))
            due += 6 / rate
            await asyncio.sleep(max(0.0, due - (time.perf_counter() - begin)))
    client.close()
    return readings, seen


def slope(readings: list[tuple[float, int]]) -> float:
    """Bytes an hour: the median of the slopes between any two readings."""
    return 3600 * statistics.median((b - a) / (t - s) for (s, a), (t, b) in combinations(readings, 2))


def noise(readings: list[tuple[float, int]]) -> float:
    """By how much the readings vary around their line, in bytes: their median absolute deviation, as a deviation."""
    per_s = slope(readings) / 3600
    rest = [value - per_s * at for at, value in readings]
    middle = statistics.median(rest)
    return 1.4826 * statistics.median(abs(value - middle) for value in rest)


def bounded(readings: list[tuple[float, int]]) -> bool:
    """Whether a worker does not grow: not by more than is allowed, or not by more than its readings vary."""
    per_hour = slope(readings)
    grown = per_hour * (readings[-1][0] - readings[0][0]) / 3600
    return per_hour <= MOST_PER_HOUR or grown <= 2 * noise(readings)


def leaking(readings: list[tuple[float, int]]) -> list[tuple[float, int]]:
    """The control: the same readings of a worker that keeps 1 kB of each of 20 requests a second."""
    return [(at, value + int(at * 20 * 1024)) for at, value in readings]


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--rate", type=float, default=120.0, help="requests a second")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    say(said_of_machine(), f"{options.rate:.0f} requests/s for {options.minutes:g} min, {options.workers} workers")
    with running(options.workers, "--slots-of", "10") as service:
        readings, seen = uvloop.run(watch(service, options.rate, options.minutes * 60))
    say(f"answers: {dict(seen)}")
    kept = [(at, by) for at, by in readings if at >= WARM_UP * options.minutes * 60]
    met = set(seen) <= {200, 201, 404}
    for pid in sorted(kept[0][1]):
        ours = [(at, by[pid]) for at, by in kept if pid in by]
        if len(ours) < len(kept):
            say(f"  not met: a worker did not live to the end ({pid})")
            met = False
            continue
        held = bounded(ours)
        met &= held
        say(
            f"  {'met' if held else 'not met'}: a worker holds {ours[-1][1] / 2**20:.0f} MB at the end, most "
            f"{max(value for _, value in ours) / 2**20:.0f} MB, slope {slope(ours) / 2**20:+.1f} MB an hour (at "
            f"most {MOST_PER_HOUR / 2**20:.0f}), readings vary by {noise(ours) / 2**20:.2f} MB"
        )
        if bounded(leaking(ours)):
            say("  not met: the control, a worker that keeps 1 kB of each of 20 requests a second, was not found")
            met = False
    say(f"memory bounded: {'met' if met else 'not met'}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
