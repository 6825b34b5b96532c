"""The trace goes into the queue with the letter, and the worker goes on with it."""

import asyncio
from contextvars import Context

from bench import service
from opentelemetry import propagate, trace

app = service()
LETTERS: asyncio.Queue[tuple[int, dict[str, str]]] = asyncio.Queue()
WORKERS: set[asyncio.Task[None]] = set()


async def send_letters() -> None:
    tracer = trace.get_tracer("worker")
    while True:
        _, carrier = await LETTERS.get()
        asked_in = propagate.extract(carrier)
        with tracer.start_as_current_span("process letters", asked_in, kind=trace.SpanKind.CONSUMER):
            await asyncio.sleep(0.005)


@app.get("/dossiers")
async def dossiers(n: int = 1) -> str:
    if not WORKERS:
        WORKERS.add(asyncio.create_task(send_letters(), context=Context()))
    with trace.get_tracer("own").start_as_current_span("send letters", kind=trace.SpanKind.PRODUCER):
        carrier: dict[str, str] = {}
        propagate.inject(carrier)
        await LETTERS.put((n, carrier))
    return "will be sent"
