"""The tracing a service adopts: one span a request, SQL and HTTP spans in sampled traces, no personal data exported.

    app = FastAPI(telemetry=TELEMETRY, lifespan=lifespan)

and in the lifespan, so after the server forked its workers: ``start("my-service")``, at its end ``stop()``. Nothing is
imported, patched or sent unless ``OTEL_EXPORTER_OTLP_ENDPOINT`` is set. To adopt it elsewhere, take this file,
``calls.py``, ``call_sites.py`` and ``inside.py``: they need nothing else of this project.

What leaves the process is an allow-list: of each span its name, times, route, method, status code, type of error and
the SQL text with every literal and comment taken out, the size of the answer and the line of code. Paths, query
strings, host names asked for, exception messages, stacks, ``tracestate`` and any attribute not listed stay here.
"""

from __future__ import annotations

import os
import random
import re
import threading
from collections.abc import Collection, Sequence
from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING, Any

from observability import calls

if TYPE_CHECKING:
    from fastapi.telemetry import TelemetryConfig
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import SpanContext

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
HEALTH_ROUTES = frozenset({"/livez", "/readyz", "/healthz"})
STOP_TIMEOUT_S = 2.0

KEPT = frozenset(
    {
        "error.type",
        "exception.type",
        "http.method",
        "http.request.method",
        "http.response.body.size",
        "http.response.status_code",
        "http.route",
        "http.status_code",
        "network.protocol.version",
        "url.scheme",
        "db.system",
        "db.system.name",
        "db.statement",
        "db.query.text",
        "messaging.system",
        "messaging.operation.type",
        "code.file.path",
        "code.line.number",
        "rpc.system",
        "rpc.method",
    }
)
"""Attributes exported; their values come from the code of the service, never from what a person typed."""

INSTRUMENTED = "portance.instrumented"
"""Resource attribute: the kinds of call ("sql", "http") that ``calls.py`` traces in the service."""

_SQL_ATTRIBUTES = frozenset({"db.statement", "db.query.text"})
_SQL_MAX_CHARS = 4_000

_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-([0-9a-f]{2}).*")

_LITERAL = re.compile(
    r"""
    (?P<identifier> "(?:[^"]|"")*" )                    # kept: a quoted name
    | /\*.*?(?:\*/|\Z) | --[^\n]*                       # comments
    | \$(?P<tag>(?:[A-Za-z_]\w*)?)\$.*?(?:\$(?P=tag)\$|\Z)
    | \b[eE]'(?:[^'\\]|\\.|'')*(?:'|\Z)
    | '(?:[^']|'')*(?:'|\Z)
    | (?<![\w$.])\d[\w.]*                               # a number, not $1 nor column2
    """,
    re.VERBOSE | re.DOTALL,
)


_share_traced = 1.0
_chosen: ContextVar[bool] = ContextVar("chosen at the door", default=False)


def _is_left_out(scope: Any) -> bool:
    """Decide on a request before anything is made for it: an unsampled span costs a third as much as a sampled one.

    What the caller decided (``traceparent``) is followed; else one request in so many is chosen.
    """
    if scope.get("path") in HEALTH_ROUTES:
        return True
    traceparent = next((value for name, value in scope.get("headers", ()) if name == b"traceparent"), None)
    flags = _TRACEPARENT.fullmatch(traceparent) if traceparent is not None else None
    if flags is not None:
        return int(flags[1], 16) & 1 == 0
    if random.random() >= _share_traced:  # noqa: S311 (a sample, not a secret)
        return True
    _chosen.set(True)
    return False


TELEMETRY: TelemetryConfig = {
    "tracing": True,
    # Metrics and logs would each add work a request; the logs carry exception messages and stacks.
    "metrics": False,
    "logs": False,
    # One span a request: each more costs as much again (facts in docs/decisions/0040).
    "operation_spans": False,
    # Exporters come from start() only: the ones set up by FastAPI do not go through the allow-list.
    "auto_configure": False,
    "exclude": _is_left_out,
}
"""For ``FastAPI(telemetry=TELEMETRY)``; does nothing until :func:`start` has set a global provider."""

_processors: list[Any] = []


def start(service_name: str, sample_ratio: float = 0.1, *, also_keep: Collection[str] = ()) -> None:
    """Export the spans of this process to the OTLP/HTTP endpoint named in the environment, if any is.

    Call it in the lifespan, after the fork. A second call before :func:`stop` does nothing. The sampling decision of a
    caller (``traceparent``) is followed, so let the ingress drop that header where strangers come in.

    Args:
        service_name: ``service.name`` of the spans.
        sample_ratio: share of traces begun here that are sampled, 0 to 1; the first call in a process sets it.
        also_keep: names of attributes to export beside :data:`KEPT`; what they hold must not be personal.

    Raises:
        ValueError: ``sample_ratio`` is not between 0 and 1.
    """
    if not 0.0 <= sample_ratio <= 1.0:
        raise ValueError(f"sample_ratio is {sample_ratio}, expected 0 to 1")
    disabled = os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    if _processors or disabled or not any(os.environ.get(name) for name in ENDPOINTS):
        return
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    instrumented = calls.trace_all()
    global _share_traced
    provider = trace.get_tracer_provider()
    if not isinstance(provider, TracerProvider):
        _share_traced = sample_ratio
        provider = _provider(service_name, sample_ratio, instrumented)
        trace.set_tracer_provider(provider)
    processor = BatchSpanProcessor(
        _scrubbing(OTLPSpanExporter(timeout=_export_timeout_s()), KEPT | frozenset(also_keep))
    )
    provider.add_span_processor(processor)
    _processors.append(processor)


def stop() -> None:
    """Send what is left, for at most :data:`STOP_TIMEOUT_S` seconds, then give up; safe to call twice."""
    calls.restore_all()
    while _processors:
        # shutdown() itself waits 30 s for a collector that hangs, so it is left behind in a daemon thread.
        last_flush = threading.Thread(target=_processors.pop().shutdown, daemon=True)
        last_flush.start()
        last_flush.join(STOP_TIMEOUT_S)


def without_literals(sql: str) -> str:
    """``sql`` with each string, number and comment replaced by ``?`` or nothing, at most 4 000 characters of it.

    Placeholders (``$1``, ``%s``, ``%(name)s``) and quoted identifiers stay.
    """
    return " ".join(_LITERAL.sub(_blank, sql[:_SQL_MAX_CHARS]).split())


def _blank(match: re.Match[str]) -> str:
    text = match[0]
    if match["identifier"] is not None:
        return text
    return " " if text.startswith(("--", "/*")) else "?"


def _export_timeout_s() -> float:
    for name in ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"):
        try:
            return float(os.environ[name])
        except (KeyError, ValueError):
            continue
    return 5.0


def resource(service_name: str, instrumented: tuple[str, ...] = ()) -> Any:
    """Who tells: the service and this process of it, with one name a process for traces and metrics alike."""
    from opentelemetry.sdk.resources import Resource

    return Resource.create(
        {
            "service.name": service_name,
            "service.instance.id": _instance_id(),
            # So that a trace without SQL can be told from a service whose SQL is not traced.
            INSTRUMENTED: instrumented,
        }
    )


@cache
def _instance_id() -> str:
    import uuid

    return str(uuid.uuid4())


os.register_at_fork(after_in_child=_instance_id.cache_clear)


def _provider(service_name: str, sample_ratio: float, instrumented: tuple[str, ...]) -> Any:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased, Sampler, SamplingResult, TraceIdRatioBased

    class ChosenAtTheDoor(Sampler):
        """Takes the requests that were chosen already, and its share of traces begun elsewhere (a background job)."""

        _others = TraceIdRatioBased(sample_ratio)

        def should_sample(self, *arguments: Any, **keywords: Any) -> SamplingResult:
            chosen = _chosen.get()
            _chosen.set(False)
            return (ALWAYS_ON if chosen else self._others).should_sample(*arguments, **keywords)

        def get_description(self) -> str:
            return f"ChosenAtTheDoor{{{sample_ratio}}}"

    return TracerProvider(
        sampler=ParentBased(ChosenAtTheDoor()),
        resource=resource(service_name, instrumented),
        shutdown_on_exit=False,  # stop() is bounded, the SDK's own hook is not
    )


def _scrubbing(exporter: SpanExporter, kept: frozenset[str]) -> SpanExporter:
    """An exporter that hands on copies of the spans; it runs in the export thread, on sampled spans only."""
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

    class ScrubbingExporter(SpanExporter):
        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            return exporter.export([scrubbed(span, kept) for span in spans])

        def shutdown(self) -> None:
            exporter.shutdown()

        def force_flush(self, timeout_millis: int = 30_000) -> bool:
            return exporter.force_flush(timeout_millis)

    return ScrubbingExporter()


def scrubbed(span: ReadableSpan, kept: frozenset[str] = KEPT) -> ReadableSpan:
    """A copy of ``span`` with only the attributes in ``kept``, SQL without literals, exceptions without words."""
    from opentelemetry.sdk.trace import Event, ReadableSpan
    from opentelemetry.trace import Link, Status

    return ReadableSpan(
        name=span.name,
        context=_bare(span.context),
        parent=_bare(span.parent),
        resource=span.resource,
        attributes=_allowed(span.attributes, kept),
        events=[
            Event("exception", _allowed(event.attributes, kept), event.timestamp)
            for event in span.events
            if event.name == "exception"
        ],
        links=[Link(context) for link in span.links if (context := _bare(link.context)) is not None],
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _bare(context: SpanContext | None) -> SpanContext | None:
    """The same context without ``tracestate``, which a caller fills as it likes."""
    from opentelemetry.trace import SpanContext

    if context is None:
        return None
    return SpanContext(context.trace_id, context.span_id, context.is_remote, context.trace_flags)


def _allowed(attributes: Any, kept: frozenset[str]) -> dict[str, Any]:
    return {
        name: without_literals(str(value)) if name in _SQL_ATTRIBUTES else value
        for name, value in (attributes if attributes is not None else {}).items()
        if name in kept
    }
