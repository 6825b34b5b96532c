"""A process of workers: one for each queue, beside what brings back lost jobs; it stops in order, within its grace."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path

import psycopg
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException

from observability import telemetry
from reference_app.jobs import backlog, context, delays
from reference_app.jobs.app import app
from reference_app.jobs.queues import SERVICES, Queue
from reference_app.jobs.rescue import GONE_AFTER_S, HEARTBEAT_EVERY_S, rescue
from reference_app.parts import Parts, make_parts
from reference_app.server import GRACE_S
from reference_app.settings import Settings

SERVICE_NAME = "reference-app-jobs"
STOP_S = GRACE_S - 1.0
"""Seconds that jobs under way get after SIGTERM; then they are cut short and come back."""
LOOK_AFTER_EVERY_S = 5.0
AGAIN_AFTER_S = 5.0
"""Seconds until a worker that lost the database tries again."""

CONNECTIONS = 5
"""Of one process, as counted in k8s/manifests: a job holds one while it reads or writes, not while it waits."""

_log = logging.getLogger("reference_app")


def run(
    settings: Settings, queues: Collection[Queue], ready_fd: int | None = None, alive_file: Path | None = None
) -> None:
    """Work off ``queues`` until SIGTERM or SIGINT, then let the jobs under way end.

    A database that is away is waited for. ``ready_fd`` gets one byte once the workers run; ``alive_file`` is touched
    every :data:`LOOK_AFTER_EVERY_S`, for a probe that has no port to ask at.
    """
    for name in ("procrastinate", "psycopg.pool"):
        logging.getLogger(name).setLevel(logging.ERROR)
    asyncio.run(_run(settings, queues, ready_fd, alive_file))


async def run_due(parts: Parts) -> None:
    """Do every job that is due, of all queues, until none waits; periodic tasks are left to the workers.

    Opens the pool of ``parts``, and closes it.
    """
    async with _opened(parts) as opened:
        periodic, opened.periodic_defaults = opened.periodic_defaults, {"max_delay": -1.0}
        try:
            await opened.run_worker_async(
                wait=False,
                listen_notify=False,
                install_signal_handlers=False,
                delete_jobs="successful",
                additional_context={context.KEY: parts},
            )
        finally:
            opened.periodic_defaults = periodic


async def _run(settings: Settings, queues: Collection[Queue], ready_fd: int | None, alive_file: Path | None) -> None:
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    sized = settings.model_copy(update={"pool_size": CONNECTIONS})
    parts = make_parts(sized)
    async with _opened(parts) as opened:
        telemetry.start(SERVICE_NAME, settings.trace_sample_ratio, pools={"jobs": parts.pool})
        try:
            running = [asyncio.create_task(_work(opened, parts, queue, stopping)) for queue in queues]
            running.append(asyncio.create_task(_look_after(parts, alive_file)))
            running.append(asyncio.create_task(backlog.follow(parts)))
            if ready_fd is not None:
                os.write(ready_fd, b".")
                os.close(ready_fd)
            stop = asyncio.create_task(stopping.wait())
            ended, _ = await asyncio.wait({stop, *running}, return_when=asyncio.FIRST_COMPLETED)
            stopping.set()
            for task in (stop, *running):
                task.cancel()  # a worker that is cancelled lets its jobs end, within STOP_S
            await asyncio.wait({stop, *running})
            for task in ended:
                task.result()  # one that ended by itself broke: whoever supervises starts this process anew
        finally:
            telemetry.stop()


@asynccontextmanager
async def _opened(parts: Parts) -> AsyncIterator[App]:
    with app.replace_connector(PsycopgConnector()) as opened:
        await parts.pool.open(wait=False)
        try:
            await opened.open_async(parts.pool)
            yield opened
        finally:
            if parts.mailer is not None:
                await parts.mailer.close()
            await parts.pool.close(timeout=2.0)
            await parts.outgoing.end()


async def _work(opened: App, parts: Parts, queue: Queue, stopping: asyncio.Event) -> None:
    """Work off ``queue`` until ``stopping`` is set and this is cancelled, whatever becomes of the database."""
    service = SERVICES[queue]
    work = partial(
        opened.run_worker_async,
        queues=[queue.value],
        name=queue.value,
        concurrency=service.concurrency,
        fetch_job_polling_interval=service.look_every_s,
        listen_notify=False,  # docs/decisions/0190: a notification holds a lock that every commit waits for
        delete_jobs="successful",
        install_signal_handlers=False,
        shutdown_graceful_timeout=STOP_S,
        update_heartbeat_interval=HEARTBEAT_EVERY_S,
        stalled_worker_timeout=GONE_AFTER_S,
        worker_middleware=[delays.counted],
        additional_context={context.KEY: parts},
    )
    while not stopping.is_set():  # a database that is away takes the place of the cancellation, which is then lost
        with suppress(ConnectorException, psycopg.OperationalError):
            await work()
        if not stopping.is_set():
            _log.warning("the workers of the queue %s stopped, and start again in %.0f s", queue.value, AGAIN_AFTER_S)
            await asyncio.sleep(AGAIN_AFTER_S)


async def _look_after(parts: Parts, alive_file: Path | None) -> None:
    """Say that this process lives and bring back lost jobs, until cancelled."""
    while True:
        if alive_file is not None:
            alive_file.touch()  # noqa: ASYNC240 (one file in memory)
        with suppress(psycopg.OperationalError):
            async with parts.pool.connection() as connection:
                if lost := await rescue(connection):
                    _log.warning("%d jobs of workers that are gone are back in their queues", lost)
        await asyncio.sleep(LOOK_AFTER_EVERY_S)
