"""What being seen from inside costs the reference service: paired rounds with telemetry off and as shipped.

    python tests/benchmarks/tracing_overhead.py [--seconds 0.6] [--rounds 30]

One worker, the journey "file" once signed in, over kept-alive connections that wait for nothing, all arms running at
once and taking turns in short rounds, so that a noisy neighbour meets each of them. Each round gives a ratio to "off"
of the same round: requests answered a second, and processor seconds of the worker a request, which a busy machine moves
less. Bound: 0.85 of the throughput, for each arm; exit code 1 when it is not met.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import time
import tomllib
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from html import unescape
from importlib.resources import files
from pathlib import Path

import httpx

from observability.receiver import Receiver
from reference_app import embedded, migration
from reference_app.listening import listen, port_of
from scorecard.evidence import Machine

BOUND = 0.85
CONNECTIONS = 8
SAMPLED = "0.1"
SECRET = "benchmark-" * 4
JOURNEY = "file"
TYPED = {
    "{siret}": "73282932000074", "{name}": "Boulangerie du Port", "{email}": "contact@example.fr",
    "{iban}": "FR7630006000011234567890189",
}  # fmt: skip

OFF = "off"
SHIPPED = "shipped, 10 % sampled"
REFUSED = "the same, collector refuses"
HANGING = "the same, collector hangs"


def serve() -> None:
    """One worker of the reference service on the socket given; HOW in the environment says whether it is seen."""
    from observability import telemetry
    from reference_app import server, settings
    from reference_app.app import create_app

    if os.environ["HOW"] == OFF:
        telemetry.start = lambda *_, **__: None  # type: ignore[assignment]
    sys.exit(server.run(create_app(settings.load()), socket.socket(fileno=int(os.environ["FD"]))))


def main() -> int:
    """Measure, print, and tell whether the bound was met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=0.6)
    parser.add_argument("--rounds", type=int, default=30)
    options = parser.parse_args()
    with ExitStack() as stack:
        database = stack.enter_context(embedded.running(None)).dsn()
        migration.upgrade(database)
        cookies = _signed_in(database)
        receiver = stack.enter_context(Receiver())
        closed, hanging = stack.enter_context(socket.socket()), stack.enter_context(socket.socket())
        for one in (closed, hanging):
            one.bind(("127.0.0.1", 0))
        hanging.listen(64)
        endpoints = {
            OFF: "",
            SHIPPED: receiver.endpoint,
            REFUSED: f"http://127.0.0.1:{closed.getsockname()[1]}",
            HANGING: f"http://127.0.0.1:{hanging.getsockname()[1]}",
        }
        arms = {name: stack.enter_context(_arm(name, url, database)) for name, url in endpoints.items()}
        measured = _rounds(arms, cookies, options.rounds, options.seconds)
        exported = len(receiver.received().spans)
    lines = _table(measured, options, exported)
    met = all(_ratio(measured, name, 0) >= BOUND for name in (SHIPPED, REFUSED, HANGING))
    lines.append(f"Bound of {BOUND} of the throughput, on the median of the rounds: {'met' if met else 'NOT met'}.")
    sys.stdout.write("\n".join(lines) + "\n")
    return 0 if met else 1


Round = tuple[float, float, float]
"""Requests a second, processor seconds a request, 99th percentile of the time of a request (s)."""


def _rounds(
    arms: dict[str, tuple[int, int]], cookies: list[str], rounds: int, seconds: float
) -> dict[str, list[Round]]:
    measured: dict[str, list[Round]] = {name: [] for name in arms}
    for number in range(rounds + 1):
        # Each arm comes after each other as often as before it: what drifts meets all of them.
        order = list(arms)[number % len(arms) :] + list(arms)[: number % len(arms)]
        for name in order if number % 2 else reversed(order):
            pid, port = arms[name]
            before = _cpu_s(pid)
            times, took = asyncio.run(_load(port, cookies, seconds))
            if number:  # the first round warms up
                times.sort()
                cost = (_cpu_s(pid) - before) / len(times)
                measured[name].append((len(times) / took, cost, times[int(0.99 * (len(times) - 1))]))
    return measured


def _ratio(measured: dict[str, list[Round]], name: str, figure: int) -> float:
    return statistics.median(_ratios(measured, name, figure))


def _ratios(measured: dict[str, list[Round]], name: str, figure: int) -> list[float]:
    return [one[figure] / off[figure] for one, off in zip(measured[name], measured[OFF], strict=True)]


def _table(measured: dict[str, list[Round]], options: argparse.Namespace, exported: int) -> list[str]:
    machine = Machine.here()
    lines = [
        f"{machine.cpu}, {machine.cores} cores, Python {machine.python}, {machine.system}",
        f"{options.rounds} rounds of {options.seconds} s an arm, {CONNECTIONS} connections, 1 worker, journey of "
        f"{len(_steps())} requests, sampling {SAMPLED}, metrics and log on; {exported} spans arrived",
        "Ratios to off in the same round: median, and the half of the rounds in the middle.",
        f"{'':30}{'req/s':>7}{'ratio':>7}{'half of them':>14}"
        f"{'CPU a request':>16}{'ratio':>7}{'half of them':>14}{'p99':>9}",
    ]
    for name, rounds in measured.items():
        rate, cost, slow = (statistics.median(one[figure] for one in rounds) for figure in range(3))
        said = f"{name:30}{rate:7.0f}"
        for figure, middle in ((0, ""), (1, f"{cost * 1e6:13.0f} µs")):
            ratios = _ratios(measured, name, figure)
            low, middle_one, high = statistics.quantiles(ratios, n=4)
            said += f"{middle}{middle_one:7.2f}{f'{low:.2f} .. {high:.2f}':>14}"
        lines.append(f"{said}{slow * 1e3:6.0f} ms")
    return lines


@contextmanager
def _arm(name: str, endpoint: str, database: str) -> Iterator[tuple[int, int]]:
    """A worker of its own; its process id and its port."""
    nowhere = "http://127.0.0.1:9"
    prefix = "PORTANCE_REFERENCE_"
    with listen("127.0.0.1", 0) as taken:
        port = port_of(taken)
        environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("OTEL_", prefix))},
            "HOW": name, "FD": str(taken.fileno()), "DATABASE_URL": database,
            f"{prefix}PUBLIC_URL": f"http://127.0.0.1:{port}", f"{prefix}SESSION_SECRET": SECRET,
            f"{prefix}CITIZEN_ISSUER": nowhere, f"{prefix}CITIZEN_CLIENT_ID": "x", f"{prefix}AGENT_CLIENT_ID": "x",
            f"{prefix}CITIZEN_CLIENT_SECRET": "x", f"{prefix}AGENT_CLIENT_SECRET": "x", f"{prefix}AGENT_SIRETS": "x",
            f"{prefix}AGENT_ISSUER": nowhere, f"{prefix}UNLIMITED_NETWORKS": "127.0.0.1/32",
            f"{prefix}TRACE_SAMPLE_RATIO": SAMPLED, **({"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint} if endpoint else {}),
        }  # fmt: skip
        process = subprocess.Popen(
            [sys.executable, __file__, "serve"], env=environment, pass_fds=[taken.fileno()], stderr=subprocess.DEVNULL
        )
    try:
        _wait_until_ready(f"http://127.0.0.1:{port}/readyz", process)
        yield process.pid, port
    finally:
        process.terminate()
        process.wait(timeout=20)


def _signed_in(database: str) -> list[str]:
    """Session cookies of as many businesses as there are connections, good on every worker with the same secret."""
    with listen("127.0.0.1", 0) as probe:
        port = port_of(probe)
    url = f"http://127.0.0.1:{port}"
    environment = {**os.environ, "DATABASE_URL": database, "PORTANCE_REFERENCE_SESSION_SECRET": SECRET}
    process = subprocess.Popen(
        [sys.executable, "-m", "reference_app", "up", "--port", str(port), "--unlimited", "127.0.0.1/32"],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait_until_ready(f"{url}/readyz", process)
        cookies = []
        for number in range(CONNECTIONS):
            with httpx.Client(base_url=url, follow_redirects=True, timeout=20, trust_env=False) as browser:
                page = browser.get("/sign-in/business").text
                found = re.search(r'action="([^"]+)"', page)
                assert found is not None
                browser.post(unescape(found[1]), data={"identity": f"benchmark-{number}"}).raise_for_status()
                cookies.append(f"session={browser.cookies['session']}")
        return cookies
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            if httpx.get(url, trust_env=False, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        assert process.poll() is None, "the service ended"
        assert time.monotonic() < deadline, "the service did not start"
        time.sleep(0.1)


Step = tuple[str, str, str | None]
"""Method, path and body, with placeholders."""


@cache
def _steps() -> tuple[Step, ...]:
    """The requests of the journey to the service itself, from the first that needs a session no more."""
    document = tomllib.loads(files("reference_app").joinpath("portance.toml").read_text(encoding="utf-8"))
    written = next(one for one in document["journeys"] if one["name"] == JOURNEY)["steps"]
    steps = []
    for step in written:
        method, path = next((m, step[m]) for m in ("get", "post", "put") if m in step)
        if path.startswith("/") and not path.startswith("/sign-in"):
            body = json.dumps(step["json"]) if "json" in step else None
            for placeholder, value in TYPED.items():
                body = None if body is None else body.replace(placeholder, value)
            steps.append((method.upper(), path, body))
    return tuple(steps)


async def _load(port: int, cookies: list[str], seconds: float) -> tuple[list[float], float]:
    """Seconds of each request answered, and seconds taken; a hand-made client takes little of the machine."""
    began = time.perf_counter()
    until = began + seconds
    times = [
        one for each in await asyncio.gather(*(_visitor(port, cookie, until) for cookie in cookies)) for one in each
    ]
    return times, time.perf_counter() - began


async def _visitor(port: int, cookie: str, until: float) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    times: list[float] = []

    async def ask(method: str, path: str, written: str | None) -> bytes:
        body = b"" if written is None else written.encode()
        head = f"{method} {path} HTTP/1.1\r\nhost: localhost\r\ncookie: {cookie}\r\naccept-language: fr\r\n"
        if method != "GET":
            head += (
                f"idempotency-key: {uuid.uuid4()}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
            )
        sent = time.perf_counter()
        writer.write(head.encode() + b"\r\n" + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        assert answer.startswith((b"HTTP/1.1 200", b"HTTP/1.1 201")), answer
        length = next(line for line in answer.split(b"\r\n") if line.lower().startswith(b"content-length"))
        content = await reader.readexactly(int(length.split(b":")[1]))
        times.append(time.perf_counter() - sent)
        return content

    while time.perf_counter() < until:
        dossier = ""
        for method, path, written in _steps():
            answer = await ask(method, path.replace("{id}", dossier), written)
            if not dossier and method == "POST":
                dossier = json.loads(answer)["id"]
    writer.close()
    await writer.wait_closed()
    return times


def _cpu_s(pid: int) -> float:
    """Processor time of every thread of a process; in nanoseconds where ticks of 10 ms would be too coarse."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(thread.read_text(encoding="ascii").split()[0]) for thread in threads) / 1e9


if __name__ == "__main__":
    sys.exit(serve() if sys.argv[1:] == ["serve"] else main())
