"""What the tracing a service adopts costs it: paired, interleaved rounds with it off and on.

    python tests/benchmarks/span_cost.py [--seconds 3] [--rounds 4]

One uvicorn worker, one SELECT a request through a pool, eight connections that wait for nothing. All the services run
at once and take turns, so that a noisy neighbour meets each of them. Two ratios to "off" are printed, medians over the
rounds: requests answered a second, and CPU the service spent on a request, which a busy machine moves less.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import httpx

from observability.receiver import Receiver
from reference_app import embedded
from reference_app.listening import listen, port_of
from scorecard.evidence import Machine

SETTINGS = {
    "off": ("off", "0"),
    "shipped, none sampled": ("shipped", "0"),
    "shipped, 10 % sampled": ("shipped", "0.1"),
    "shipped, 100 % sampled": ("shipped", "1"),
    "contrib psycopg, 10 % sampled": ("contrib", "0.1"),
}
CONNECTIONS = 8


def serve() -> None:
    """The service under measurement; HOW and SAMPLE_RATIO in the environment say how it is traced."""
    import uvicorn
    from fastapi import FastAPI
    from psycopg_pool import AsyncConnectionPool

    from observability import calls, tracing

    how, ratio = os.environ["HOW"], float(os.environ["SAMPLE_RATIO"])
    pool = AsyncConnectionPool(os.environ["DATABASE_URL"], min_size=4, max_size=4, open=False)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if how != "off":
            tracing.start("benchmark", ratio)
        if how == "contrib":
            from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor

            calls.restore_all()
            PsycopgInstrumentor().instrument(skip_dep_check=True)
        await pool.open()
        yield
        await pool.close()
        tracing.stop()

    app = FastAPI(telemetry=tracing.TELEMETRY, lifespan=lifespan)

    @app.get("/rows/{number}")
    async def row(number: int) -> dict[str, int]:
        async with pool.connection() as connection:
            cursor = await connection.execute("select %s::int + 1", (number,))
            found = await cursor.fetchone()
        assert found is not None
        return {"number": found[0]}

    uvicorn.run(app, port=int(os.environ["PORT"]), log_level="warning", access_log=False)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=4)
    options = parser.parse_args()
    rates: dict[str, list[float]] = {name: [] for name in SETTINGS}
    costs: dict[str, list[float]] = {name: [] for name in SETTINGS}
    with ExitStack() as stack:
        database = stack.enter_context(embedded.running(None))
        receiver = stack.enter_context(Receiver())
        services = {
            name: stack.enter_context(_service(how, ratio, database.dsn(), receiver.endpoint))
            for name, (how, ratio) in SETTINGS.items()
        }
        for number in range(options.rounds + 1):
            for name, (pid, port) in services.items():
                before = _cpu_s(pid)
                done, took = asyncio.run(_load(port, options.seconds if number else 1.0))
                if number:  # the first round warms up
                    rates[name].append(done / took)
                    costs[name].append((_cpu_s(pid) - before) / done)
    machine = Machine.here()
    out = [f"{machine.cpu}, {machine.cores} cores, Python {machine.python}, {machine.system}"]
    out.append(
        f"{options.rounds} rounds of {options.seconds} s, {CONNECTIONS} connections, 1 worker, 1 SELECT a request"
    )
    out.append(f"{'':32}{'req/s':>8}{'ratio':>8}{'CPU a request':>16}{'ratio':>8}")
    for name in SETTINGS:
        rate = statistics.median(r / o for r, o in zip(rates[name], rates["off"], strict=True))
        cost = statistics.median(c / o for c, o in zip(costs[name], costs["off"], strict=True))
        mean = statistics.median(costs[name]) * 1e6
        out.append(f"{name:32}{statistics.median(rates[name]):8.0f}{rate:8.2f}{mean:13.0f} µs{cost:8.2f}")
    sys.stdout.write("\n".join(out) + "\n")


@contextmanager
def _service(how: str, ratio: str, database: str, endpoint: str) -> Iterator[tuple[int, int]]:
    with listen("127.0.0.1", 0) as probe:
        port = port_of(probe)
    environment = {
        **os.environ, "HOW": how, "SAMPLE_RATIO": ratio, "DATABASE_URL": database, "PORT": str(port),
        "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
    }  # fmt: skip
    process = subprocess.Popen([sys.executable, __file__, "serve"], env=environment)
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                httpx.get(f"http://127.0.0.1:{port}/rows/1", trust_env=False).raise_for_status()
                break
            except httpx.TransportError:
                assert process.poll() is None, "the service ended"
                assert time.monotonic() < deadline, "the service did not start"
                time.sleep(0.1)
        yield process.pid, port
    finally:
        process.terminate()
        process.wait(timeout=15)


async def _load(port: int, seconds: float) -> tuple[int, float]:
    """Requests answered and seconds taken; a hand-made client, so that the client takes little of the machine."""
    began = time.perf_counter()
    until = began + seconds
    request = b"GET /rows/7 HTTP/1.1\r\nhost: localhost\r\n\r\n"

    async def connection() -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        done = 0
        while time.perf_counter() < until:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            length = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
            await reader.readexactly(int(length.split(b":")[1]))
            done += 1
        writer.close()
        await writer.wait_closed()
        return done

    done = sum(await asyncio.gather(*(connection() for _ in range(CONNECTIONS))))
    return done, time.perf_counter() - began


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    serve() if sys.argv[1:] == ["serve"] else main()
