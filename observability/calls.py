"""Spans for what a request waits for: its SQL (psycopg 3), its outgoing HTTP (httpx), the clients that it makes for
them and the log lines that take long, in sampled traces only; each with the line of the service that does it.

The methods are replaced in place, so that connections opened earlier and pools are covered. Outside a sampled trace a
call costs one look at the current span; the reasons and the measurements are in docs/decisions/0040.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, NamedTuple

from observability import call_sites, inside

MADE = "make "
"""Beginning of the name of the span of a client, or of a connection, that is made within a request."""

_replaced: list[tuple[Any, str, Any]] = []
_NO_SPAN = nullcontext()


class Call(NamedTuple):
    """A span to come."""

    name: str
    attributes: dict[str, str]
    headers: MutableMapping[str, str] | None = None
    """Where the trace is passed on to the other side."""
    leaves: bool = True
    """Whether it leaves the process."""


def trace_all() -> tuple[str, ...]:
    """Trace the calls of the libraries that are installed; returns the kinds traced: "sql", "http"."""
    _wrap(logging.Logger, "callHandlers", inside.log_records)
    _trace_fastapi()
    return _trace_psycopg() + _trace_httpx()


def restore_all() -> None:
    """Put the original methods back."""
    while _replaced:
        owner, name, original = _replaced.pop()
        setattr(owner, name, original)


def _trace_psycopg() -> tuple[str, ...]:
    try:
        import psycopg
    except ImportError:
        return ()
    for cursor in (psycopg.Cursor, psycopg.AsyncCursor, psycopg.ServerCursor, psycopg.AsyncServerCursor):
        for name in ("execute", "executemany"):
            _replace(cursor, name, _statement)
    for connection in (psycopg.Connection, psycopg.AsyncConnection):
        _replace(connection, "commit", _end_of_work("COMMIT"))
        _replace(connection, "rollback", _end_of_work("ROLLBACK"))
    _replace(psycopg.Transaction, "__exit__", _end_of_transaction)
    _replace(psycopg.AsyncTransaction, "__aexit__", _end_of_transaction)
    # A pool connects in tasks of its own, where no span is; what is seen here is a connection for one request.
    _replace(psycopg.Connection, "connect", _connection)
    _replace(psycopg.AsyncConnection, "connect", _connection)
    _trace_pools()
    return ("sql",)


def _trace_pools() -> None:
    try:
        import psycopg_pool
    except ImportError:
        return
    for pool in (psycopg_pool.ConnectionPool, psycopg_pool.AsyncConnectionPool):
        _wrap(pool, "getconn", inside.pool_waits)


def _trace_httpx() -> tuple[str, ...]:
    try:
        import httpx
    except ImportError:
        return ()
    _replace(httpx.Client, "send", _outgoing)
    _replace(httpx.AsyncClient, "send", _outgoing)
    # The transport has the connections and the certificates: a client around one that is kept costs nothing.
    for transport, client in ((httpx.HTTPTransport, "httpx.Client"), (httpx.AsyncHTTPTransport, "httpx.AsyncClient")):
        _replace(transport, "__init__", _transport(client))
    return ("http",)


def _trace_fastapi() -> None:
    try:
        import fastapi.routing
        import starlette.responses
    except ImportError:
        return
    _wrap(starlette.responses.Response, "init_headers", inside.answer_sizes)
    if hasattr(fastapi.routing, "run_endpoint_function"):  # no part of its promises: the line is not known without
        _wrap(fastapi.routing, "run_endpoint_function", inside.handlers)


def _sql(text: str) -> Call:
    # Values are parameters and are not seen here; literals in the text are taken out before export.
    verb = text.lstrip().split(None, 1)[0] if text.strip() else ""
    return Call(verb.upper() if verb.isalpha() else "SQL", {"db.system.name": "postgresql", "db.query.text": text})


def _statement(cursor: Any, query: Any, *_: Any, **__: Any) -> Call:
    if isinstance(query, bytes):
        return _sql(query.decode("utf-8", "replace"))
    return _sql(query if isinstance(query, str) else query.as_string(cursor))


def _end_of_work(word: str) -> Callable[..., Call | None]:
    from psycopg.pq import TransactionStatus

    # Outside a transaction psycopg sends nothing: there is nothing to time.
    return lambda connection: None if connection.pgconn.transaction_status == TransactionStatus.IDLE else _sql(word)


def _end_of_transaction(_transaction: Any, error: Any = None, *_: Any) -> Call:
    return _sql("COMMIT" if error is None else "ROLLBACK")


def _outgoing(_client: Any, request: Any, **_: Any) -> Call:
    return Call(request.method, {"http.request.method": request.method}, request.headers)


def _connection(*_: Any, **__: Any) -> Call:
    return _made("psycopg connection")


def _transport(client: str) -> Callable[..., Call]:
    return lambda *_, **__: _made(client)


def _made(what: str) -> Call:
    return Call(MADE + what, {}, leaves=False)


def _wrap(owner: Any, name: str, wrapped: Callable[[Any], Any]) -> None:
    original = owner.__dict__[name]
    _replaced.append((owner, name, original))
    setattr(owner, name, wrapped(original))


def _replace(owner: type, name: str, describe: Callable[..., Call | None]) -> None:
    """Replace ``owner.name`` by itself inside a span, where the current span is recorded and a call is described."""
    from opentelemetry import trace

    found = owner.__dict__[name]
    original: Callable[..., Any] = found.__func__ if isinstance(found, classmethod) else found
    current = trace.get_current_span

    def span(arguments: tuple[Any, ...], keywords: dict[str, Any]) -> AbstractContextManager[Any]:
        call = describe(*arguments, **keywords) if current().is_recording() else None
        return _NO_SPAN if call is None else _span(call)

    async def traced_async(*arguments: Any, **keywords: Any) -> Any:
        with span(arguments, keywords) as recorded:
            return _answered(recorded, await original(*arguments, **keywords))

    def traced(*arguments: Any, **keywords: Any) -> Any:
        with span(arguments, keywords) as recorded:
            return _answered(recorded, original(*arguments, **keywords))

    replacement = traced_async if inspect.iscoroutinefunction(original) else traced
    _replaced.append((owner, name, found))
    setattr(owner, name, classmethod(replacement) if isinstance(found, classmethod) else replacement)


def _answered(span: Any, result: Any) -> Any:
    """``result``, its status told to the span of an outgoing call: one that was refused can be told from one served."""
    if span is not None:
        span.set_attribute("http.response.status_code", result.status_code)
    return result


@contextmanager
def _span(call: Call) -> Iterator[Any]:
    from opentelemetry import propagate, trace

    tracer = trace.get_tracer("observability.calls")
    kind = trace.SpanKind.CLIENT if call.leaves else trace.SpanKind.INTERNAL
    attributes: dict[str, str | int] = {**call.attributes, **call_sites.here()}
    with tracer.start_as_current_span(call.name, kind=kind, attributes=attributes) as span:
        if call.headers is not None:
            propagate.inject(call.headers)
            yield span
        else:
            yield None
