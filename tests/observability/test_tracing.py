"""The tracing a service adopts: what it sends, what it never sends, and what it costs when nobody listens."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from observability import tracing

NIR = "280017511400112"
EMAIL = "jean@example.fr"


def test_one_span_a_request_named_by_its_route_and_none_for_health(serve, collector) -> None:
    with serve(OTEL_EXPORTER_OTLP_ENDPOINT=collector.endpoint) as service:
        assert service.get("/livez") == 200
        assert service.get(f"/people/{EMAIL}") == 200
        service.stop()
    assert collector.names == ["GET /people/{who}"]
    message = ExportTraceServiceRequest.FromString(collector.bodies[0])
    resource = {pair.key for pair in message.resource_spans[0].resource.attributes}
    assert {"service.name", "service.instance.id"} <= resource


def test_no_personal_data_is_in_any_exported_byte(serve, collector, database: str) -> None:
    with serve(OTEL_EXPORTER_OTLP_ENDPOINT=collector.endpoint, DATABASE_URL=database) as service:
        headers = {"tracestate": f"a={NIR}", "baggage": f"nir={NIR}", "host": f"{NIR}.example", "user-agent": EMAIL}
        assert service.get(f"/people/{EMAIL}?nir={NIR}&mail={EMAIL}", headers) == 200
        assert service.get(f"/people/fail-{NIR}-{EMAIL}?nir={NIR}", headers) == 500
        assert service.get(f"/nowhere/{EMAIL}/{NIR}") == 404
        assert service.get("/dossiers") == 200
        assert service.get("/refused") == 500
        output = service.stop()
    exported = b"".join(collector.bodies)
    assert NIR in output, "the planted values did go through the service"
    assert EMAIL in output
    for planted in (NIR, EMAIL, "jean", "example.fr"):
        assert planted.encode() not in exported, f"{planted} was exported"
    assert b"LookupError" in exported, "the type of the error does go out"
    assert b"select ?, %s::int" in exported, "and the statement, without its values"


def test_sql_is_traced_inside_a_sampled_request_only(serve, collector, database: str) -> None:
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint, "DATABASE_URL": database, "SAMPLE_RATIO": "0.0"}
    with serve(**environment) as service:
        service.get("/dossiers?rows=3")
        service.get("/dossiers?rows=3", {"traceparent": f"00-{'a' * 32}-{'b' * 16}-00"})
        service.get("/dossiers?rows=2", {"traceparent": f"00-{'c' * 32}-{'d' * 16}-01"})
        service.stop()
    assert sorted(collector.names) == ["COMMIT", "GET /dossiers", "SELECT", "SELECT"]
    assert {span.trace_id.hex() for span in collector.spans} == {"c" * 32}


def test_without_an_endpoint_nothing_is_imported_or_patched() -> None:
    code = (
        "import sys; from observability import tracing; tracing.start('x'); tracing.stop();"
        "assert 'opentelemetry.sdk' not in sys.modules; assert 'psycopg' not in sys.modules"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=30, env={"PATH": ""})


def test_outgoing_calls_are_traced_and_carry_the_trace_on(collector) -> None:
    code = f"""
import httpx
from observability import tracing
tracing.start("caller", 1.0)
from opentelemetry import trace
seen = []
def answer(request):
    seen.append(request.headers.get("traceparent"))
    return httpx.Response(200)
client = httpx.Client(transport=httpx.MockTransport(answer))
client.get("http://old.example/{EMAIL}?nir={NIR}")
with trace.get_tracer("test").start_as_current_span("request") as span:
    client.get("http://old.example/{EMAIL}?nir={NIR}")
tracing.stop()
client.get("http://old.example/")
assert seen[0] is None and seen[2] is None, seen
print(seen[1])
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], check=True, timeout=30, capture_output=True, text=True,
        env={"PATH": "", "OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint},
    )  # fmt: skip
    call = next(span for span in collector.spans if span.kind == Span.SPAN_KIND_CLIENT)
    assert done.stdout.split("-")[1:3] == [call.trace_id.hex(), call.span_id.hex()]
    assert EMAIL.encode() not in b"".join(collector.bodies)


@pytest.mark.parametrize("collector_that", ["refuses", "hangs"])
def test_a_collector_out_of_order_costs_the_user_nothing(serve, collector_that: str) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        if collector_that == "hangs":
            silent.listen(64)
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        # Without a bound on the last flush, stopping would outlast the 15 s that Service.stop() waits.
        patient = {"OTEL_BSP_SCHEDULE_DELAY": "10", "OTEL_EXPORTER_OTLP_TIMEOUT": "60"}
        with serve(OTEL_EXPORTER_OTLP_ENDPOINT=endpoint, **patient) as service:
            assert [service.get("/people/anne") for _ in range(30)] == [200] * 30
            service.stop()


def test_start_refuses_a_ratio_that_is_none() -> None:
    with pytest.raises(ValueError, match="expected 0 to 1"):
        tracing.start("x", 10.0)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("select * from d where id = 42", "select * from d where id = ?"),
        ("select 'it''s me', $1, %s, %(name)s", "select ?, $1, %s, %(name)s"),
        ("select E'a\\'b', \"my ' column2\" -- jean", 'select ?, "my \' column2"'),
        ("/* jean */ select $tag$ jean $$ $tag$, $$jean$$", "select ?, ?"),
        ("select 'jean", "select ?"),
        ("select /* jean", "select"),
        ("update t2 set a1 = -1.5e3 where b = 0xff", "update t2 set a1 = -? where b = ?"),
    ],
)
def test_literals_and_comments_leave_the_sql(written: str, kept: str) -> None:
    assert tracing.without_literals(written) == kept


@pytest.mark.parametrize(
    ("traceparent", "drawn", "left_out"),
    [
        (f"00-{'a' * 32}-{'b' * 16}-01", 0.99, False),
        (f"00-{'a' * 32}-{'b' * 16}-00", 0.0, True),
        (f"00-{'a' * 32}-{'b' * 16}-03", 0.99, False),
        (None, 0.099, False),
        (None, 0.1, True),
        ("nonsense", 0.99, True),
        ("nonsense", 0.0, False),
    ],
)
def test_the_decision_of_the_caller_is_followed_else_one_in_ten_is_chosen(
    traceparent: str | None, drawn: float, left_out: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracing, "_share_traced", 0.1)
    monkeypatch.setattr(tracing.random, "random", lambda: drawn)
    headers = [] if traceparent is None else [(b"traceparent", traceparent.encode())]
    assert tracing.TELEMETRY["exclude"]({"path": "/", "headers": headers}) is left_out


def test_a_request_that_was_chosen_is_not_drawn_a_second_time(collector) -> None:
    code = """
import asyncio, random, httpx
from fastapi import FastAPI
from observability import tracing
app = FastAPI(telemetry=tracing.TELEMETRY)
@app.get("/a")
def a(): return 1
tracing.start("rare", 1e-9)
random.random = lambda: 0.0
async def ask():
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as client:
        for _ in range(5):
            await client.get("/a")
asyncio.run(ask())
from opentelemetry import trace
for _ in range(100):
    trace.get_tracer("job").start_span("background").end()
tracing.stop()
"""
    environment = {"PATH": "", "OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint}
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=30, env=environment)
    assert collector.names == ["GET /a"] * 5
