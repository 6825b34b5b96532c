"""What a service adopts to be seen from inside: traces, metrics and a log that belong together, by one call.

    from observability import telemetry

    app = FastAPI(telemetry=telemetry.TELEMETRY, middleware=[Middleware(telemetry.Observed), ...], lifespan=lifespan)

and in the lifespan, so after the server forked its workers: ``telemetry.start("my-service", pools={"main": pool})``,
at its end ``telemetry.stop()``. Where things go is said by OpenTelemetry's standard variables (docs/tracing.md);
without any, only the log is written. To adopt it elsewhere, take this file and those it imports: ``call_sites``,
``calls``, ``exposition``, ``histograms``, ``inside``, ``logs``, ``metrics``, ``pools``, ``scrape``, ``scrubbing``,
``served``, ``tracing``; they need nothing else of this project.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from types import MappingProxyType

from observability import logs, metrics, served, tracing
from observability.pools import Pool
from observability.served import Observed, Observer, Written
from observability.tracing import TELEMETRY

__all__ = ["TELEMETRY", "Observed", "backlog", "event", "start", "stop", "waited"]

_NO_POOL: Mapping[str, Pool] = MappingProxyType({})
_handlers: list[logging.Handler] = []


def start(
    service_name: str,
    sample_ratio: float = 0.1,
    *,
    pools: Mapping[str, Pool] = _NO_POOL,
    written: Written = "followed",
    trusts_request_start: bool = False,
    also_keep: Collection[str] = (),
) -> None:
    """Look at this process from now on. Call it in the lifespan; a second call before :func:`stop` does nothing.

    Args:
        service_name: ``service.name`` of everything that is told.
        sample_ratio: share of traces begun here that are sampled, 0 to 1.
        pools: pools of connections to measure, by name.
        written: requests that get a line in the log.
        trusts_request_start: whether a proxy in front sets ``X-Request-Start`` and drops that of strangers.
        also_keep: names of attributes of spans to export beside those of ``tracing.KEPT``.

    Raises:
        ValueError: ``sample_ratio`` is not between 0 and 1, or a variable of the environment cannot be used.
    """
    if served.observer is not None:
        return
    tracing.start(service_name, sample_ratio, also_keep=also_keep)
    try:
        meters = metrics.start(service_name, pools)
    except ValueError:
        tracing.stop()
        raise
    log, handler = logs.start(service_name)
    _handlers.append(handler)
    served.observer = Observer(meters, log, written, trusts_request_start)


def stop() -> None:
    """Send and write what is left, each for a bounded time; safe to call twice."""
    looking, served.observer = served.observer, None
    if looking is None:
        return
    if looking.meters is not None:
        metrics.stop(looking.meters)
    tracing.stop()
    if looking.log is not None:
        logs.stop(looking.log, _handlers.pop())


def event(name: str, **fields: str | int | float | bool | None) -> None:
    """Count a business event and write it down with its trace: ``event("dossier.filed", receipt="AUE-2026-00000042")``.

    ``name`` is one of a few, given by the code; ``fields`` go to the log only and must lead to no person.
    """
    looking = served.observer
    if looking is None:
        return
    if looking.meters is not None:
        looking.meters.event(name)
    if looking.log is not None:
        looking.log.line(name, "INFO", fields, logs.current.get())


def waited(queue: str, seconds: float) -> None:
    """Count what was taken out of ``queue`` after ``seconds`` in it."""
    looking = served.observer
    if looking is not None and looking.meters is not None:
        looking.meters.waited(queue, seconds)


def backlog(waiting: Mapping[str, float], failed: Mapping[str, int]) -> None:
    """Tell what is still to be done, in place of what was told before: empty where it is not known any more.

    Args:
        waiting: seconds since which the first in line waits, by the name of the line; 0 where nobody does.
        failed: how many failed for good of late, by the same names or others; the names are a few, given by the code.
    """
    looking = served.observer
    if looking is not None and looking.meters is not None:
        looking.meters.waiting, looking.meters.failed = dict(waiting), dict(failed)
