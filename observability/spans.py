"""A span as the analysis needs it, read from OTLP messages of any service in any language."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from sys import intern
from typing import Any, NamedTuple

from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans
from opentelemetry.proto.trace.v1.trace_pb2 import Span as OtlpSpan
from opentelemetry.proto.trace.v1.trace_pb2 import Status as OtlpStatus

from observability import call_sites
from observability.inside import BODY_SIZE
from observability.statements import shape
from observability.tracing import INSTRUMENTED


class Work(Enum):
    """What the time of a span was spent on."""

    SERVING = "serving"
    SQL = "sql"
    REMOTE = "remote"
    QUEUED = "queued"
    """Something was handed to a queue."""
    TAKEN = "taken"
    """Something was taken from a queue and worked on."""
    OTHER = "other"


class Span(NamedTuple):
    """One span; times in nanoseconds since 1970 by the clock of the service."""

    trace_id: str
    span_id: str
    parent_id: str
    work: Work
    label: str
    """Method and route of a request, shape of a statement, else the name."""
    start_ns: int
    end_ns: int
    failed: bool
    service: str
    instrumented: frozenset[str]
    """Kinds of call the service says it traces ("sql", "http"); empty when it does not say."""
    at: str = ""
    """Where in the code it was made (``file:line``), empty when it does not say."""
    links: frozenset[str] = frozenset()
    """Other traces it says it belongs to."""
    size: int | None = None
    """Bytes of the answer, None when it does not say."""


# Ids in a path would make a route of each request where a service sends no http.route.
_ID_IN_PATH = re.compile(r"(?<=/)(?:\d+|[0-9a-fA-F-]{16,}|[^/\s]*@[^/\s]*)(?=/|$)")
_LABEL_MAX_CHARS = 2_000
_PLACE_MAX_CHARS = 200
_NO_LINKS: frozenset[str] = frozenset()
_BY_KIND: dict[int, Work] = {
    OtlpSpan.SPAN_KIND_CLIENT: Work.REMOTE,
    OtlpSpan.SPAN_KIND_PRODUCER: Work.QUEUED,
    OtlpSpan.SPAN_KIND_CONSUMER: Work.TAKEN,
}


def spans(resources: Iterable[ResourceSpans], wanted: Callable[[str], bool]) -> Iterator[Span | None]:
    """The spans of the traces ``wanted`` in order, None for one that cannot be used (ids of a wrong length)."""
    for resource in resources:
        told = _attributes(resource.resource.attributes)
        service = intern(str(told.get("service.name", "")))
        instrumented = told.get(INSTRUMENTED)
        kinds = frozenset(str(kind) for kind in instrumented) if isinstance(instrumented, list) else frozenset()
        for scope in resource.scope_spans:
            for span in scope.spans:
                if not _has_ids(span):
                    yield None
                elif wanted(trace_id := span.trace_id.hex()):
                    yield _span(span, trace_id, service, kinds)


def texts(resources: Iterable[ResourceSpans]) -> Iterator[tuple[str, str]]:
    """Every text of a message with the name of its attribute; that of a span or an event is called "name"."""
    for resource in resources:
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield "name", span.name
                yield from _texts(span.attributes)
                for event in span.events:
                    yield "name", event.name
                    yield from _texts(event.attributes)


def _texts(attributes: Iterable[KeyValue]) -> Iterator[tuple[str, str]]:
    for one in attributes:
        values = one.value.array_value.values if one.value.HasField("array_value") else (one.value,)
        for value in values:
            if value.HasField("string_value"):
                yield one.key, value.string_value


def _has_ids(span: OtlpSpan) -> bool:
    return len(span.trace_id) == 16 and len(span.span_id) == 8 and any(span.trace_id) and any(span.span_id)


def _span(span: OtlpSpan, trace_id: str, service: str, instrumented: frozenset[str]) -> Span:
    attributes = _attributes(span.attributes)
    work = _work(span.kind, attributes)
    return Span(
        trace_id=trace_id,
        span_id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex(),
        work=work,
        label=intern(_label(span.name, work, attributes)[:_LABEL_MAX_CHARS]),
        start_ns=span.start_time_unix_nano,
        end_ns=span.end_time_unix_nano,
        failed=span.status.code == OtlpStatus.STATUS_CODE_ERROR or (work is Work.REMOTE and _is_refusal(attributes)),
        service=service,
        instrumented=instrumented,
        at=intern(_place(attributes)),
        links=frozenset(link.trace_id.hex() for link in span.links) if span.links else _NO_LINKS,
        size=_size(attributes),
    )


def _work(kind: int, attributes: dict[str, Any]) -> Work:
    if kind == OtlpSpan.SPAN_KIND_SERVER:
        return Work.SERVING
    if "db.system" in attributes or "db.system.name" in attributes:
        return Work.SQL
    return _BY_KIND.get(kind, Work.OTHER)


def _is_refusal(attributes: dict[str, Any]) -> bool:
    """Whether the other side answered that it cannot now: a server error, or too many requests."""
    status = attributes.get("http.response.status_code", attributes.get("http.status_code"))
    return isinstance(status, int) and (status >= 500 or status == 429)


def _label(name: str, work: Work, attributes: dict[str, Any]) -> str:
    match work:
        case Work.SERVING:
            route = attributes.get("http.route")
            if not isinstance(route, str):
                return _ID_IN_PATH.sub("{id}", name)
            method = attributes.get("http.request.method", attributes.get("http.method", ""))
            return f"{method} {route}".strip()
        case Work.SQL:
            text = attributes.get("db.query.text", attributes.get("db.statement"))
            return shape(text) if isinstance(text, str) else name
        case Work.REMOTE | Work.QUEUED | Work.TAKEN | Work.OTHER:
            return name


def _place(attributes: dict[str, Any]) -> str:
    file, line = attributes.get(call_sites.FILE), attributes.get(call_sites.LINE)
    if not isinstance(file, str) or not file:
        return ""
    file = file[-_PLACE_MAX_CHARS:]
    return f"{file}:{line}" if isinstance(line, int) else file


def _size(attributes: dict[str, Any]) -> int | None:
    size = attributes.get(BODY_SIZE, attributes.get("http.response_content_length"))
    return size if isinstance(size, int) and size >= 0 else None


def _attributes(pairs: Any) -> dict[str, Any]:
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(item) for item in value.array_value.values]
    return getattr(value, kind) if kind in ("string_value", "int_value", "bool_value", "double_value") else None
