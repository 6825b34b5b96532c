"""Slow services and their mended twins served for real and asked a few dozen times: the evidence of their traces."""

from __future__ import annotations

import json
import multiprocessing
import sys
import time
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.process import BaseProcess
from pathlib import Path

import httpx
import psutil

from observability import memory
from observability.analysis import collect
from observability.receiver import Receiver
from scorecard import evidence, project
from scorecard.evidence import Column, Evidence, Provenance, Status, Table, Unit
from scorecard.site import Site

GROUND = Path(__file__).resolve().parent
sys.path.insert(0, str(GROUND))

import bench  # noqa: E402 (the services import it by this name too)

PROJECT = b"""
[project]
name = "Aides"
users = 1000
[target]
url = "http://127.0.0.1:1"
database = "env:BENCH_DATABASE"
[objectives]
p95 = "100 ms"
"""
TOGETHER, AT_ONCE = 20, 8

# One process imports the libraries once; each service is forked from it.
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    [
        "fastapi",
        "fastapi.telemetry",
        "uvicorn",
        "httpx",
        "psycopg_pool",
        "observability.tracing",
        "opentelemetry.sdk.trace.export",
        "opentelemetry.exporter.otlp.proto.http.trace_exporter",
        "requests",
        "uvicorn.lifespan.on",
        "uvicorn.loops.auto",
        "uvicorn.protocols.http.auto",
    ]
)


@dataclass(frozen=True)
class Defect:
    """What has to be found, where, and in which words."""

    name: str
    title: str
    rule: str
    route: str
    place: str
    says: str
    at: str = ""
    remedy: str = ""
    alone: int = 10
    """Requests asked one at a time; more where what is sought shows in time only."""


DEFECTS = [
    Defect(path.parent.name, **tomllib.loads(path.read_text(encoding="utf-8")))
    for path in sorted(GROUND.glob("*/defect.toml"))
]


def asked(defect: str, twin: str, database: str, folder: Path) -> Evidence:
    """The evidence of the traces that a service leaves when it is asked."""
    (alone,) = (one.alone for one in DEFECTS if one.name == defect)
    path, site = GROUND / defect / f"{twin}.py", Site(project=project.parse(PROJECT), root=folder, run=folder / "run")
    with Receiver() as receiver:
        with served(path, database, receiver.endpoint) as (process, url):
            here = psutil.Process(process.pid)
            cpu, clock = here.cpu_times(), time.perf_counter()
            with memory.watched([process.pid], site.raw(memory.FOLDER) / memory.FILE_NAME):
                _drive(url, site, alone)
            used, spent = here.cpu_times(), time.perf_counter() - clock
        received = receiver.received()
    assert not received.dropped
    _say_cores_used(site, (used.user + used.system - cpu.user - cpu.system) / spent)
    return collect(site, received)


@contextmanager
def served(path: Path, database: str, endpoint: str) -> Iterator[tuple[BaseProcess, str]]:
    port = bench.free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "BENCH_URL": url, "BENCH_DATABASE": database}
    process = _FORKS.Process(target=bench.serve, args=(path, port, environment), daemon=True)
    process.start()
    try:
        _wait_for(url, process)
        yield process, url
    finally:
        process.terminate()
        process.join(20)
        if process.is_alive():
            process.kill()
            process.join()


def _wait_for(url: str, process: BaseProcess) -> None:
    deadline = time.monotonic() + 60
    visitor = client(url)
    while True:
        try:
            visitor.get("/livez").raise_for_status()
        except httpx.TransportError:
            assert process.is_alive(), "the service ended before it answered"
            assert time.monotonic() < deadline, "the service did not answer in time"
            time.sleep(0.05)
        else:
            visitor.close()
            return


def client(url: str) -> httpx.Client:
    # Nothing is encrypted here: to read the authorities of the system would take longer than the requests.
    return httpx.Client(base_url=url, timeout=30, trust_env=False, verify=False)  # noqa: S501 (plain HTTP)


def _drive(url: str, site: Site, alone: int) -> None:
    """Ask one at a time, then side by side, and write down what was sent as the load generator does."""
    with (
        client(url) as visitor,
        (site.raw("load") / "sent-traces.jsonl").open("w", encoding="utf-8") as file,
        ThreadPoolExecutor(AT_ONCE) as threads,
    ):

        def ask(number: int) -> str:
            trace = f"{number + 1:032x}"
            start, clock = time.time(), time.perf_counter()
            answer = visitor.get(f"/dossiers?n={number}", headers={"traceparent": f"00-{trace}-{'b' * 16}-01"})
            latency = time.perf_counter() - clock
            entry = {"trace_id": trace, "name": "dossiers", "persona": "citizen", "start": start}
            return json.dumps({**entry, "latency_s": latency, "ok": answer.is_success})

        lines = [ask(number) for number in range(alone)]
        lines += threads.map(ask, range(alone, alone + TOGETHER))
        assert all('"ok": true' in line for line in lines)
        file.write("\n".join(lines) + "\n")


def _say_cores_used(site: Site, cores: float) -> None:
    """What the load collector would say of the processor the service used."""
    steps = Table(id="load.steps", columns=(Column(name="service_cpu", unit=Unit.RATIO),), rows=((cores,),))
    load = Evidence(
        name="load", collector="loadtests", project="Aides", status=Status.COMPLETED, tables=(steps,),
        provenance=Provenance.since(datetime.now(UTC), tool="test", version="1"),
    )  # fmt: skip
    evidence.write(load, site.run / "evidence")
