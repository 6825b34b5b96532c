"""What the receiver of an assessment needs under 5 000 spans a second: memory while it receives, and what arrives.

    python tests/benchmarks/receiver.py [--seconds 60] [--rate 5000] [--protocol http|grpc]

A child process sends batches of 500 spans, packed with gzip, at a fixed rate; this process holds the receiver and
nothing else. Bounds: every span sent is kept, the sender is never behind by more than two seconds at the end, memory
grows by no more than 32 MB while receiving. Exit code 1 when one is not met.
"""

from __future__ import annotations

import argparse
import gzip
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import grpc
import httpx
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from observability.receiver import Receiver
from scorecard.evidence import Machine

BATCH = 500
MAX_GROWTH_MB = 32.0
MAX_BEHIND_S = 2.0


def send(endpoint: str, protocol: str, rate: int, seconds: float) -> None:
    """The sender: prints how many spans it sent and how late it was at the end."""
    batches = [_batch(first) for first in range(64)]
    post = _by_grpc(endpoint) if protocol == "grpc" else _by_http(endpoint)
    began = time.perf_counter()
    number = 0
    while (due := number * BATCH / rate) < seconds:
        time.sleep(max(0.0, began + due - time.perf_counter()))
        post(batches[number % len(batches)])
        number += 1
    sys.stdout.write(f"{number * BATCH} {time.perf_counter() - began - seconds}\n")


def main() -> int:
    """Measure, print, and tell whether the bounds were met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rate", type=int, default=5_000)
    parser.add_argument("--protocol", choices=("http", "grpc"), default="http")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Receiver(Path(folder)) as receiver:
        _warm_up(receiver.endpoint, options.protocol)
        before, cpu, highest = _resident_mb(), time.process_time(), [0.0]
        ended = threading.Event()
        watch = threading.Thread(target=_watch, args=(highest, ended))
        watch.start()
        command = [sys.executable, __file__, "send", receiver.endpoint, options.protocol]
        done = subprocess.run(
            [*command, str(options.rate), str(options.seconds)],
            check=True, capture_output=True, text=True, timeout=options.seconds * 4 + 60,
        )  # fmt: skip
        ended.set()
        watch.join()
        cpu = time.process_time() - cpu
        sent, behind = int(done.stdout.split()[0]), float(done.stdout.split()[1])
        began = time.perf_counter()
        received = receiver.received()
        reading = time.perf_counter() - began
        kept = receiver.kept() - BATCH  # the warm-up
    growth = highest[0] - before
    machine = Machine.here()
    sys.stdout.write(
        f"{machine.cpu}, {machine.cores} cores, Python {machine.python}, {machine.system}\n"
        f"{options.protocol}, {options.rate} spans/s for {options.seconds:.0f} s in batches of {BATCH}, gzip\n"
        f"sent {sent}, kept {kept}, refused {received.dropped}; sender behind at the end: {behind:.2f} s\n"
        f"memory: {before:.0f} MB before, {highest[0]:.0f} MB at most while receiving (+{growth:.1f} MB)\n"
        f"processor: {cpu:.2f} s, {cpu / sent * 1e6:.1f} µs a span\n"
        f"read afterwards: {len(received.spans)} spans in {reading:.1f} s, {_resident_mb():.0f} MB with them\n"
    )
    met = kept == sent and received.dropped == 0 and behind <= MAX_BEHIND_S and growth <= MAX_GROWTH_MB
    sys.stdout.write(
        f"Bounds (all kept, +{MAX_GROWTH_MB:.0f} MB, {MAX_BEHIND_S:.0f} s): {'met' if met else 'NOT met'}\n"
    )
    return 0 if met else 1


def _batch(first: int) -> bytes:
    """Spans of an ordinary service: one of a request and four of its statements, with attributes."""
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    resource.resource.attributes.add(key="service.name").value.string_value = "benchmark"
    spans = resource.scope_spans.add().spans
    now = time.time_ns()
    for number in range(BATCH):
        trace = (first * BATCH + number // 5 + 1) * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128
        serving = number % 5 == 0
        span = spans.add(
            trace_id=trace.to_bytes(16, "big"), span_id=os.urandom(8),
            name="GET /dossiers/{dossier}" if serving else "SELECT",
            kind=2 if serving else 3, start_time_unix_nano=now, end_time_unix_nano=now + 3_000_000,
        )  # fmt: skip
        text = (
            "/dossiers/{dossier}"
            if serving
            else "select id, state, filed_at from dossier where account_id = $1 limit ?"
        )
        span.attributes.add(key="http.route" if serving else "db.query.text").value.string_value = text
        span.attributes.add(
            key="http.request.method" if serving else "db.system.name"
        ).value.string_value = "postgresql"
    return request.SerializeToString()


def _by_http(endpoint: str) -> Callable[[bytes], object]:
    client = httpx.Client(trust_env=False, timeout=30)
    headers = {"content-type": "application/x-protobuf", "content-encoding": "gzip"}
    url = f"{endpoint}/v1/traces"
    return lambda body: client.post(url, content=gzip.compress(body, 1), headers=headers).raise_for_status()


def _by_grpc(endpoint: str) -> Callable[[bytes], object]:
    channel = grpc.insecure_channel(endpoint.removeprefix("http://"), compression=grpc.Compression.Gzip)
    export = channel.unary_unary("/opentelemetry.proto.collector.trace.v1.TraceService/Export")
    return lambda body: export(body, timeout=30)


def _warm_up(endpoint: str, protocol: str) -> None:
    (_by_grpc(endpoint) if protocol == "grpc" else _by_http(endpoint))(_batch(0))


def _watch(highest: list[float], ended: threading.Event) -> None:
    while not ended.wait(0.1):
        highest[0] = max(highest[0], _resident_mb())


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    if sys.argv[1:2] == ["send"]:
        send(sys.argv[2], sys.argv[3], int(sys.argv[4]), float(sys.argv[5]))
    else:
        sys.exit(main())
