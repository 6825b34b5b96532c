"""What saturates first, on services of which it is known: is the resource named?

    python tests/benchmarks/saturation.py [name ...]

Each service is served for real, loaded by the load collector until it no longer holds its objective, traced into the
receiver; then ``loadtests.saturation`` is asked. Exit code 1 when a resource is not named, or another one is.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx

from loadtests import load
from loadtests.budgets import BUDGETS
from loadtests.load import collect_load
from loadtests.saturation import collect_saturation
from observability.analysis import collect
from observability.receiver import Receiver
from reference_app import embedded
from scorecard.evidence import Evidence, Machine, write
from scorecard.project import ProjectFile
from scorecard.site import Site

GROUND = Path(__file__).resolve().parents[1] / "proving_ground" / "performance"
sys.path.insert(0, str(GROUND))

import bench  # noqa: E402 (the services import it by this name too)

PLANTED = {
    "busy processor": (Path(__file__).with_name("busy_service.py"), "the processor, by the service"),
    "pool of one": (GROUND / "pool-of-one" / "weak.py", "the pool of database connections"),
    "lock in own code": (GROUND / "lock-in-own-code" / "weak.py", "lock"),
    "lock around a call": (GROUND / "lock-around-call" / "weak.py", "lock"),
    "slow downstream": (Path(__file__).with_name("limited_old_system_service.py"), "another service that is called"),
    "database processor": (GROUND / "missing-index" / "weak.py", "the processor, by the database"),
}
BUDGET = replace(
    BUDGETS["quick"], total_s=42.0, settle_s=1.0, peak_s=5.0, step_s=5.0, confirm_s=5.0, confirmations=1, resolution=1.2
)
PROJECT = {
    "project": {"name": "Planted", "users": 20_000},
    "target": {},
    "demand": {"participation": "100 %", "peak_day_share": "100 %", "peak_to_mean": 20.0},
    "journeys": [{"name": "read", "steps": [{"get": "/dossiers?n={n}"}]}],
    "objectives": {"p95": "250 ms", "error_rate": "1 %"},
}


def main(names: list[str]) -> int:
    """Try the services of ``names``, all when there is none; returns the exit code."""
    machine = Machine.here()
    sys.stdout.write(f"{machine.cores} cores ({machine.cpu}), load average {os.getloadavg()[0]:.1f}, ")
    sys.stdout.write(f"{BUDGET.total_s:.0f} s of load each, p95 within 250 ms\n\n")
    wrong = 0
    with embedded.running() as database, tempfile.TemporaryDirectory() as folder:
        for name in names or list(PLANTED):
            path, expected = PLANTED[name]
            found = named(path, database.dsn(), (database.process.pid,), Path(folder) / name.replace(" ", "-"))
            facts = {fact.id: fact for fact in found.facts}
            said = facts["load.saturated"]
            right = said.value is not None and expected in str(said.value)
            wrong += not right
            words = said.value if said.value is not None else f"unknown: {said.reason.en if said.reason else ''}"
            sys.stdout.write(f"{'right' if right else 'WRONG'}  {name}: {words} ({said.detail})\n")
            for row in found.tables[0].rows[:4] if not right and found.tables else ():
                sys.stdout.write(f"       {row[0]}: {row[1]} cores at low load, {row[2]} at the knee\n")
            sys.stdout.flush()
    sys.stdout.write(f"\n{'not met' if wrong else 'met'}: {wrong} wrong or unknown\n")
    return 1 if wrong else 0


def named(path: Path, dsn: str, database: tuple[int, ...], folder: Path) -> Evidence:
    """What is said of the service at ``path``, with the processes of its ``database``, in a run below ``folder``."""
    folder.mkdir(parents=True)
    load.BUDGETS = {"quick": BUDGET}  # type: ignore[misc]
    with Receiver() as receiver:
        with served(path, dsn, receiver.endpoint) as (pid, url):
            site = Site(
                project=ProjectFile.model_validate(PROJECT),
                root=folder,
                run=folder,
                url=url,
                server_pids=(pid, *database),
            )
            write(collect_load(site), folder / "evidence")
        write(collect(site, receiver.received()), folder / "evidence")
    return collect_saturation(site)


@contextmanager
def served(path: Path, dsn: str, endpoint: str) -> Iterator[tuple[int, str]]:
    """The service at ``path`` in a process of its own, as long as the block lasts: its process id and its URL."""
    port = bench.free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "BENCH_URL": url, "BENCH_DATABASE": dsn}
    process = multiprocessing.get_context("spawn").Process(
        target=bench.serve, args=(path, port, environment), daemon=True
    )
    process.start()
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                httpx.get(f"{url}/livez", trust_env=False).raise_for_status()
                break
            except httpx.TransportError:
                if not process.is_alive() or time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
        assert process.pid is not None
        yield process.pid, url
    finally:
        process.terminate()
        process.join(20)
        if process.is_alive():
            process.kill()
            process.join()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
