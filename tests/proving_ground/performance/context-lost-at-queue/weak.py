"""The letter is sent by a worker that does not know who asked for it."""

import asyncio
from contextvars import Context

from bench import service
from opentelemetry import trace

app = service()
LETTERS: asyncio.Queue[int] = asyncio.Queue()
WORKERS: set[asyncio.Task[None]] = set()


async def send_letters() -> None:
    tracer = trace.get_tracer("worker")
    while True:
        await LETTERS.get()
        with tracer.start_as_current_span("process letters", kind=trace.SpanKind.CONSUMER):
            await asyncio.sleep(0.005)


@app.get("/dossiers")
async def dossiers(n: int = 1) -> str:
    if not WORKERS:
        WORKERS.add(asyncio.create_task(send_letters(), context=Context()))
    with trace.get_tracer("own").start_as_current_span("send letters", kind=trace.SpanKind.PRODUCER):
        await LETTERS.put(n)
    return "will be sent"
