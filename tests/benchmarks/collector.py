"""The shipped configuration in a real OpenTelemetry collector: taken, and of what is sent only what should goes on.

    python tests/benchmarks/collector.py /path/to/otelcol

The collector is the distribution "contrib", or one built of the parts in collector-parts.yaml (as it was here). Traces
that failed, that were slow and that were neither are sent, each with personal values planted where spans have room for
them; what comes out is received and counted. Exit code 1 when a bound is not met.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.resources import as_file, files
from pathlib import Path

import httpx
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Status, StatusCode

from observability.operations.otelcol import KEPT_SHARE, collector
from observability.receiver import Receiver
from scorecard.project import load

FAILED, SLOW, PLAIN = 40, 40, 2_000
PLANTED = ("jeanne.roux@example.org", "185057800608436", "FR7630006000011234567890189", "10.20.30.40")
READY_WITHIN_S, ENDS_WITHIN_S = 60.0, 60.0
SECOND_NS = 1_000_000_000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("otelcol", type=Path)
    otelcol = str(parser.parse_args().otelcol.resolve())
    with tempfile.TemporaryDirectory() as folder, as_file(files("reference_app") / "portance.toml") as project:
        configuration = collector(load(project))
        bounds = [
            ("the configuration is taken", _is_taken(otelcol, configuration, Path(folder))),
            ("a configuration made wrong is refused", not _is_taken(otelcol, _spoilt(configuration), Path(folder))),
            *_passed_on(otelcol, configuration, Path(folder)),
            ("without the list they would (control)", _leaks_without_the_list(otelcol, configuration, Path(folder))),
        ]
    for what, met in bounds:
        sys.stdout.write(f"{'met    ' if met else 'NOT MET'}  {what}\n")
    return 0 if all(met for _, met in bounds) else 1


def _spoilt(configuration: str) -> str:
    return configuration.replace("decision_wait:", "decision_weight:")


def _is_taken(otelcol: str, configuration: str, folder: Path) -> bool:
    path = folder / "validated.yaml"
    path.write_text(configuration, encoding="utf-8")
    done = subprocess.run(
        [otelcol, "validate", f"--config={path}"], env=_environment("http://127.0.0.1:1"), timeout=60, check=False,
        capture_output=True,
    )  # fmt: skip
    return done.returncode == 0


def _leaks_without_the_list(otelcol: str, configuration: str, folder: Path) -> bool:
    open_to_all = configuration.replace("[memory_limiter, redaction, tail_sampling", "[memory_limiter, tail_sampling")
    return bool(_leaks(_come_out(otelcol, open_to_all, folder)))


def _leaks(texts: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted({(name, text) for name, text in texts if any(value in text for value in PLANTED)})


def _come_out(otelcol: str, configuration: str, folder: Path) -> list[tuple[str, str]]:
    """Every text that comes out of the collector, with its name."""
    with Receiver(folder) as receiver:
        with _running(otelcol, configuration, folder, receiver.endpoint) as endpoint:
            _send(endpoint)
        return list(receiver.texts())


def _passed_on(otelcol: str, configuration: str, folder: Path) -> list[tuple[str, bool]]:
    texts = _come_out(otelcol, configuration, folder)
    names = [text for name, text in texts if name == "name"]
    failed, slow, plain = (names.count(kind) for kind in ("failed", "slow", "plain"))
    leaks = _leaks(texts)
    share = plain / PLAIN
    sys.stdout.write(
        f"kept: {failed} of {FAILED} failed, {slow} of {SLOW} slow, {plain} of {PLAIN} others ({share:.1%})\n"
        f"planted values that came through: {leaks or 'none'}\n"
    )
    return [
        ("every trace that failed is kept", failed == FAILED),
        ("every trace that was slow is kept", slow == SLOW),
        (f"about {KEPT_SHARE} % of the others are kept", abs(share - KEPT_SHARE / 100) < 0.02),
        ("what may leave arrives", any(name == "http.route" for name, _ in texts)),
        ("no planted value comes through", not leaks),
    ]


def _send(endpoint: str) -> None:
    provider = TracerProvider(resource=Resource.create({"service.name": "tried", "host.name": PLANTED[3]}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint + "/v1/traces"), max_queue_size=10_000))
    tracer = provider.get_tracer("tried")
    now = time.time_ns()
    for kind, count, seconds in (("failed", FAILED, 0.01), ("slow", SLOW, 1.5), ("plain", PLAIN, 0.01)):
        for _ in range(count):
            span = tracer.start_span(kind, start_time=now)
            span.set_attributes(
                {
                    "http.route": "/dossiers/{id}",
                    "http.response.status_code": 200,
                    "url.query": f"email={PLANTED[0]}",
                    "client.address": PLANTED[3],
                    "db.query.text": f"select 1 where nir = {PLANTED[1]}",  # allowed by its name, not by its value
                    "error.type": PLANTED[2],
                }
            )
            span.record_exception(ValueError(f"no account for {PLANTED[0]}"), timestamp=now)
            if kind == "failed":
                span.set_status(Status(StatusCode.ERROR))
            span.end(end_time=now + int(seconds * SECOND_NS))
    provider.force_flush()
    provider.shutdown()


@contextmanager
def _running(otelcol: str, configuration: str, folder: Path, backend: str) -> Iterator[str]:
    """The collector on free ports; on the way out it is told to stop, which makes it decide on all it still holds."""
    grpc, http, health = _free_ports(3)
    path = folder / "collector.yaml"
    for shipped, ours in ((4317, grpc), (4318, http), (13133, health)):
        configuration = configuration.replace(f"0.0.0.0:{shipped}", f"127.0.0.1:{ours}")
    # What production waits for a slow span, a trial need not.
    path.write_text(configuration.replace("decision_wait: 15s", "decision_wait: 2s"), encoding="utf-8")
    with (folder / "collector.log").open("wb") as log:
        process = subprocess.Popen([otelcol, f"--config={path}"], env=_environment(backend), stdout=log, stderr=log)
    try:
        _until_ready(process, f"http://127.0.0.1:{health}/", folder / "collector.log")
        yield f"http://127.0.0.1:{http}"
        time.sleep(6)  # the wait for late spans, and the batch
    finally:
        process.terminate()
        try:
            process.wait(ENDS_WITHIN_S)
        finally:
            process.kill()
            process.wait()


def _until_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while True:
        if process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"the collector does not start: {log.read_text(errors='replace')[-1_000:]}")
        try:
            if httpx.get(url, timeout=2, trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)


def _environment(backend: str) -> dict[str, str]:
    return {**os.environ, **{f"{what}_ENDPOINT": backend for what in ("TRACES", "METRICS", "LOGS")}}


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [probe.getsockname()[1] for probe in probes]


if __name__ == "__main__":
    sys.exit(main())
