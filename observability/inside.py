"""What a request does inside its own process and no call shows: log lines and connections it waits for, its answer.

Methods are replaced in place like those of ``calls.py``; outside a sampled trace each costs one look at the span.
"""

from __future__ import annotations

import inspect
import logging
import time
from typing import Any

from observability import call_sites

LOG_RECORD = "log record"
"""Name of the span of a log line that was waited for."""
POOL_WAIT = "wait for a connection of "
"""Beginning of the name of the span of a wait at a pool; the most connections it may open come after it."""
BODY_SIZE = "http.response.body.size"

_LEAST_NS = 1_000_000
"""A log line written sooner, a connection had sooner, has no span: there may be hundreds in a request."""


def log_records(original: Any) -> Any:
    """``logging.Logger.callHandlers``, with a span where a handler makes the request wait for a millisecond or more."""
    from opentelemetry import trace

    current, tracer = trace.get_current_span, trace.get_tracer("observability.inside")

    def handled(logger: logging.Logger, record: logging.LogRecord) -> None:
        if not current().is_recording():
            original(logger, record)
            return
        began = time.time_ns()
        try:
            original(logger, record)
        finally:
            _record(tracer, LOG_RECORD, began)

    return handled


def pool_waits(original: Any) -> Any:
    """``getconn`` of a pool of psycopg, with a span where the request waits for a millisecond or more."""
    from opentelemetry import trace

    current, tracer = trace.get_current_span, trace.get_tracer("observability.inside")

    def got(pool: Any, *arguments: Any, **keywords: Any) -> Any:
        began, has_to = time.time_ns(), current().is_recording() and _is_empty(pool)
        try:
            return original(pool, *arguments, **keywords)
        finally:
            if has_to:
                _record(tracer, f"{POOL_WAIT}{pool.max_size}", began)

    async def got_async(pool: Any, *arguments: Any, **keywords: Any) -> Any:
        began, has_to = time.time_ns(), current().is_recording() and _is_empty(pool)
        try:
            return await original(pool, *arguments, **keywords)
        finally:
            if has_to:
                _record(tracer, f"{POOL_WAIT}{pool.max_size}", began)

    return got_async if inspect.iscoroutinefunction(original) else got


def answer_sizes(original: Any) -> Any:
    """``Response.init_headers`` of Starlette, which knows the body, telling its size (bytes) to the current span."""
    from opentelemetry import trace

    current = trace.get_current_span

    def initialised(response: Any, headers: Any = None) -> None:
        original(response, headers)
        span = current()
        body = getattr(response, "body", None)
        if span.is_recording() and isinstance(body, bytes | memoryview):
            span.set_attribute(BODY_SIZE, len(body))

    return initialised


def handlers(original: Any) -> Any:
    """``run_endpoint_function`` of FastAPI, telling the current span where the function of the route is."""
    from opentelemetry import trace

    current = trace.get_current_span

    async def ran(*, dependant: Any, values: dict[str, Any], is_coroutine: bool) -> Any:
        span, code = current(), getattr(dependant.call, "__code__", None)
        if code is not None and span.is_recording():
            span.set_attributes(call_sites.of_code(code))
        return await original(dependant=dependant, values=values, is_coroutine=is_coroutine)

    return ran


def _is_empty(pool: Any) -> bool:
    """Whether no connection is idle: what else delays a request there is a busy processor."""
    return bool(pool.get_stats().get("pool_available", 0) == 0)


def _record(tracer: Any, name: str, began_ns: int) -> None:
    """A span from ``began_ns`` until now, where it is long enough to be worth one."""
    ended = time.time_ns()
    if ended - began_ns >= _LEAST_NS:
        tracer.start_span(name, start_time=began_ns, attributes=call_sites.here()).end(ended)
