"""Each request as the service served it: timed, counted, and written down where somebody may want to follow it."""

from __future__ import annotations

import random
import re
import time
from typing import Any, Literal, NamedTuple

from observability import logs
from observability.logs import Log, Trace
from observability.metrics import Meters
from observability.tracing import HEALTH_ROUTES

Written = Literal["all", "followed", "none"]
"""Requests that get a line: every one; those with a trace, those that failed, those that were slow; none."""

SLOW_S = 1.0
_METHODS = frozenset({"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"})
_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}.*")
_REQUEST_START = re.compile(rb"(?:t=)?(\d{9,10}(?:\.\d{1,9})?|\d{13})")
_LONGEST_QUEUE_S = 300.0


class Observer(NamedTuple):
    """What looks at requests in this process."""

    meters: Meters | None
    log: Log | None
    written: Written
    trusts_request_start: bool


observer: Observer | None = None
"""Set by ``telemetry.start``; nothing is looked at while it is None."""


class Observed:
    """ASGI middleware, to be the outermost: the time until the last byte was handed over, the status, the route."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass the request on and look at it."""
        looking = observer
        if looking is None or scope["type"] != "http" or scope["path"] in HEALTH_ROUTES:
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        trace = _trace(scope)
        # Not reset: the server writes of an error after the middleware is left, in the same context.
        logs.current.set(trace)
        meters = looking.meters
        if meters is not None:
            meters.in_flight += 1
            if looking.trusts_request_start and (waited := queued_s(scope, time.time())) is not None:
                meters.waited("http", waited)
        status = 0
        done = False

        def finish(code: int) -> None:
            nonlocal done
            done = True
            _tell(looking, scope, trace, code, time.perf_counter() - began)

        async def send_and_look(message: Any) -> None:
            nonlocal status
            await send(message)
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body" and not message.get("more_body", False) and not done:
                finish(status)

        try:
            await self.app(scope, receive, send_and_look)
        except BaseException:
            if not done:
                finish(500)
            raise
        finally:
            if not done:  # the answer was never completed: the caller went away
                finish(status if status else 499)
            if meters is not None:
                meters.in_flight -= 1


def queued_s(scope: Any, now: float) -> float | None:
    """Seconds since the proxy in front took the request, as its ``X-Request-Start`` says; None without a usable one."""
    header = next((value for name, value in scope["headers"] if name == b"x-request-start"), b"")
    match = _REQUEST_START.fullmatch(header)
    if match is None:
        return None
    said = float(match[1])
    waited = now - (said / 1000 if said > 1e12 else said)
    return waited if 0 <= waited <= _LONGEST_QUEUE_S else None


def route_of(scope: Any) -> str:
    """Template of the route that ``scope`` was led to, empty where none matched."""
    effective = scope.get("fastapi", {}).get("effective_route_context")  # knows the prefixes of included routers
    found = getattr(effective, "path_format", None)
    if found is None:
        found = getattr(scope.get("route"), "path_format", None)
    if found is None and scope.get("endpoint") is not None and scope.get("root_path"):
        found = scope["root_path"] + "/{path}"  # a mounted application: its own paths may be as many as it likes
    return found if isinstance(found, str) else ""


def _trace(scope: Any) -> Trace:
    """The trace of the request: that of its span, else that of its caller, else a new name for its lines alone."""
    from opentelemetry import trace

    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        return Trace(f"{context.trace_id:032x}", f"{context.span_id:016x}", context.trace_flags.sampled)
    header = next((value for name, value in scope["headers"] if name == b"traceparent"), b"")
    match = _TRACEPARENT.fullmatch(header)
    if match is not None:
        return Trace(match[1].decode(), "", False)
    return Trace(f"{random.getrandbits(128):032x}", "", False)


def _tell(looking: Observer, scope: Any, trace: Trace, status: int, seconds: float) -> None:
    route = route_of(scope)
    method = scope["method"] if scope["method"] in _METHODS else "_OTHER"
    if looking.meters is not None:
        looking.meters.served(method, route, status, seconds)
    failed = status >= 500
    if looking.log is None or looking.written == "none":
        return
    if looking.written == "all" or trace.sampled or failed or seconds >= SLOW_S:
        fields = {"method": method, "route": route, "status": status, "seconds": round(seconds, 6)}
        looking.log.line("request", "ERROR" if failed else "INFO", fields, trace)
