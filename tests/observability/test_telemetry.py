"""A service seen from inside: traces, metrics and log belong together, hold nothing personal, cost no answer."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

import k8s
from observability import telemetry

NIR, EMAIL, IBAN = "280017511400112", "jean.dupont@example.fr", "FR7630006000011234567890189"
PLANTED = (NIR, EMAIL, IBAN, "dupont")


def lines(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]


def metrics(collector: Any) -> dict[str, Any]:
    """The metrics of the last message, by name."""
    message = ExportMetricsServiceRequest.FromString(collector.sent["/v1/metrics"][-1])
    return {m.name: m for r in message.resource_metrics for scope in r.scope_metrics for m in scope.metrics}


def labels(point: Any) -> dict[str, str]:
    return {a.key: a.value.string_value or str(a.value.int_value) for a in point.attributes}


@pytest.fixture
def page(tmp_path: Path) -> tuple[str, dict[str, str]]:
    """Where the metrics will be shown, and the environment that says so."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return (
        f"http://127.0.0.1:{port}/metrics",
        {
            "OTEL_METRICS_EXPORTER": "prometheus", "OTEL_EXPORTER_PROMETHEUS_PORT": str(port),
            "OTEL_METRIC_EXPORT_INTERVAL": "200", "TMPDIR": str(tmp_path),
        },
    )  # fmt: skip


def shown(url: str) -> dict[str, float]:
    text = httpx.get(url, trust_env=False, timeout=10).text
    samples = re.findall(r"^([a-z_]+(?:\{.*\})?) (\S+)$", text, re.MULTILINE)
    return {name: float(value) for name, value in samples}


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline, "it did not become true in time"
        time.sleep(0.05)


def test_a_receipt_number_leads_to_the_trace(serve, collector) -> None:
    trace = "c" * 32
    with serve("observed_app", OTEL_EXPORTER_OTLP_ENDPOINT=collector.endpoint) as service:
        for number, flag in ((41, "00"), (42, "01")):
            header = {"traceparent": f"00-{trace if flag == '01' else 'a' * 32}-{'b' * 16}-{flag}"}
            address = f"{service.url}/api/inner/dossiers/{number}/file"
            receipt = httpx.post(address, headers=header, trust_env=False, timeout=10).json()["receipt"]
        written = lines(service.stop())
    (event,) = [line for line in written if line.get("receipt") == receipt]
    (span,) = collector.spans
    assert event["event"] == "dossier.filed"
    assert event["trace_id"] == span.trace_id.hex() == trace
    assert event["span_id"] == span.span_id.hex()
    assert event["sampled"] is True
    (other,) = [line for line in written if line.get("receipt") == "AUE-2026-00000041"]
    assert (other["trace_id"], other["sampled"]) == ("a" * 32, False), "one that was not sampled says so"
    of_the_trace = [line["event"] for line in written if line.get("trace_id") == trace]
    assert of_the_trace == ["dossier.filed", "request"], "the line of the request is joined to it too"


def test_no_personal_value_is_in_any_line_nor_in_any_exported_byte(serve, collector) -> None:
    with serve("observed_app", OTEL_EXPORTER_OTLP_ENDPOINT=collector.endpoint) as service:
        headers = {"user-agent": EMAIL, "x-request-id": NIR, "baggage": f"iban={IBAN}"}
        for who in (NIR, EMAIL, IBAN):
            answer = httpx.get(f"{service.url}/people/{who}?iban={IBAN}&nir={NIR}", headers=headers, trust_env=False)
            assert answer.json() == {"who": who}, "the planted value did go through the service"
            assert service.get(f"/people/fail-{who}", headers) == 500
            assert service.get(f"/nowhere/{who}", headers) == 404
        httpx.post(f"{service.url}/api/inner/dossiers/1/file", trust_env=False)
        output = service.stop()
    written = lines(output)
    assert any(line.get("message", "").startswith("asked for [removed]") for line in written), "the log does speak"
    assert any(
        line.get("exception") == "builtins.LookupError" and "observed_app.py" in line["stack"] for line in written
    )
    assert any(line.get("event") == "dossier.filed" and line["contact"] == "[removed]" for line in written)
    exported = b"".join(collector.bodies + collector.sent["/v1/metrics"])
    assert b"http.server.request.duration" in exported
    for planted in PLANTED:
        assert planted not in output, f"{planted} is in the log"
        assert planted.encode() not in exported, f"{planted} was exported"


def test_requests_waits_and_events_are_counted_and_strangers_share_one_series(serve, collector, database: str) -> None:
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint, "SAMPLE_RATIO": "0", "DATABASE_URL": database}
    with serve("observed_app", **environment) as service:
        with httpx.Client(base_url=service.url, trust_env=False) as client:
            for number in range(300):
                client.get(f"/nowhere/{number}")
                client.request(("PROPFIND", "MKCOL", "LOCK")[number % 3], "/people/anne")
            client.post("/api/inner/dossiers/7/file", headers={"x-request-start": f"t={time.time() - 2.5:.3f}"})
            assert client.get("/metrics").status_code == 404, "metrics are nothing for the public port"
        with ThreadPoolExecutor(6) as six:
            rows = f"{service.url}/api/inner/rows"
            assert {
                a.status_code for a in six.map(lambda _: httpx.get(rows, trust_env=False, timeout=20), range(6))
            } == {200}
        service.stop()
    found = metrics(collector)
    counted = {
        tuple(sorted(labels(p).items())): p.count for p in found["http.server.request.duration"].histogram.data_points
    }
    filed = (
        ("http.request.method", "POST"), ("http.response.status_code", "200"),
        ("http.route", "/api/inner/dossiers/{dossier}/file"),
    )  # fmt: skip
    assert counted.pop(filed) == 1
    assert counted.pop((("http.request.method", "GET"), ("http.response.status_code", "404"))) == 301
    rows = {"http.request.method": "GET", "http.response.status_code": "200", "http.route": "/api/inner/rows"}
    assert counted.pop(tuple(sorted(rows.items()))) == 6
    odd = {"http.request.method": "_OTHER", "http.response.status_code": "405", "http.route": "/people/{who}"}
    assert counted == {tuple(sorted(odd.items())): 300}, "health is left out, and nothing else has a series"
    (queue,) = found["queue.delay"].histogram.data_points
    assert labels(queue) == {"queue.name": "http"}
    assert 2 <= queue.sum < 30
    (event,) = found["business.events"].sum.data_points
    assert (labels(event), event.as_int) == ({"event.name": "dossier.filed"}, 1)
    (wait,) = found["db.client.connection.wait_time"].histogram.data_points
    (use,) = found["db.client.connection.use_time"].histogram.data_points
    assert (wait.count, use.count) == (6, 6)
    assert labels(wait) == {"db.client.connection.pool.name": "main"}
    assert sum(wait.bucket_counts[6:]) >= 1, "the pool has one connection: who comes second waits, more than 50 ms"
    states = {labels(p)["db.client.connection.state"] for p in found["db.client.connection.count"].sum.data_points}
    assert states == {"used", "idle"}
    assert {"asyncio.event_loop.delay", "http.server.active_requests", "process.cpu.time"} <= set(found)


def test_every_worker_is_in_the_metrics_shown_and_one_that_dies_is_still_counted(serve, page) -> None:
    url, environment = page
    route = 'http_server_request_duration_seconds_count{http_request_method="POST",http_response_status_code="200",'
    route += 'http_route="/api/inner/dossiers/{dossier}/file"}'
    events = 'business_events_total{event_name="dossier.filed"}'
    with serve("observed_app", WEB_CONCURRENCY="2", **environment) as service:
        pids: list[str] = []

        def ask() -> int:
            answer = httpx.post(f"{service.url}/api/inner/dossiers/1/file", trust_env=False, timeout=10)
            pids.append(answer.json()["pid"])
            return len(set(pids))

        until(lambda: ask() == 2)
        until(lambda: shown(url).get(route) == len(pids))
        assert shown(url)[events] == len(pids)
        os.kill(int(pids[0]), signal.SIGKILL)
        until(lambda: answers(url) and answers(service.url + "/livez"))
        ask()
        until(lambda: answers(url) and shown(url).get(route) == len(pids))
        service.stop()


def answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False, timeout=5).status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.parametrize("collector_that", ["refuses", "hangs"])
def test_a_collector_out_of_order_and_a_log_nobody_reads_cost_the_user_nothing(serve, collector_that: str) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        if collector_that == "hangs":
            silent.listen(64)
        patient = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{silent.getsockname()[1]}",
            "OTEL_BSP_SCHEDULE_DELAY": "10", "OTEL_EXPORTER_OTLP_TIMEOUT": "60", "OTEL_METRIC_EXPORT_INTERVAL": "100",
        }  # fmt: skip
        with serve("observed_app", **patient) as service, httpx.Client(base_url=service.url, trust_env=False) as client:
            # Far more lines than a pipe holds, and nobody reads before the end.
            assert {client.get("/people/anne").status_code for _ in range(250)} == {200}
            service.process.terminate()
            service.process.wait(timeout=15)


def test_a_process_that_forks_after_the_start_tells_of_both(collector) -> None:
    code = """
import os
from observability import telemetry
telemetry.start("forking", 1.0)
from opentelemetry import trace
child = os.fork()
with trace.get_tracer("test").start_as_current_span("child" if child == 0 else "parent"):
    telemetry.event("of.child" if child == 0 else "of.parent")
telemetry.stop()
if child:
    assert os.waitpid(child, 0)[1] == 0
else:
    os._exit(0)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, timeout=60, capture_output=True, text=True,
        env={"PATH": "", "OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint},
    )  # fmt: skip
    assert sorted(line["event"] for line in lines(done.stderr)) == ["of.child", "of.parent"]
    assert sorted(collector.names) == ["child", "parent"]
    told = {
        labels(point)["event.name"]
        for body in collector.sent["/v1/metrics"]
        for r in ExportMetricsServiceRequest.FromString(body).resource_metrics
        for scope in r.scope_metrics
        for metric in scope.metrics
        if metric.name == "business.events"
        for point in metric.sum.data_points
    }
    assert told == {"of.child", "of.parent"}


def test_without_a_variable_nothing_of_the_sdk_is_imported_and_the_log_still_speaks() -> None:
    code = (
        "import sys; from observability import telemetry; telemetry.start('x'); telemetry.event('a', count=1);"
        "telemetry.waited('q', 0.1); telemetry.stop(); telemetry.stop(); telemetry.event('after');"
        "assert 'opentelemetry.sdk' not in sys.modules; assert 'psycopg' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        check=True,
        timeout=30,
        env={"PATH": ""},
        capture_output=True,
        text=True,
    )
    (line,) = lines(done.stderr)
    assert (line["event"], line["count"], line["service"]) == ("a", 1, "x")


def test_the_image_and_the_documentation_name_every_file_that_adopting_it_takes(page) -> None:
    code = """
import sys
from observability import telemetry
telemetry.start("x", 1.0)
telemetry.stop()
print(*sorted(name.removeprefix("observability.") for name in sys.modules if name.startswith("observability.")))
"""
    environment = {
        **page[1],
        "OTEL_METRICS_EXPORTER": "otlp,prometheus",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9",
    }
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        timeout=60,
        env={"PATH": "", **environment},
        capture_output=True,
        text=True,
    )
    needed = set(done.stdout.split())
    assert {"calls", "exposition"} <= needed
    containerfile = Path(k8s.__file__).with_name("Containerfile").read_text(encoding="utf-8")
    assert set(re.findall(r"observability/(\w+)\.py", containerfile)) - {"__init__"} == needed
    assert telemetry.__doc__ is not None
    assert set(re.findall(r"``(\w+)``", telemetry.__doc__)) | {"telemetry"} == needed


def test_a_port_that_is_none_is_refused_and_nothing_is_left_on() -> None:
    code = """
from observability import served, telemetry, tracing
try:
    telemetry.start("x")
except ValueError as error:
    print(error)
assert served.observer is None and not tracing._processors
"""
    environment = {"PATH": "", "OTEL_METRICS_EXPORTER": "prometheus", "OTEL_EXPORTER_PROMETHEUS_PORT": "metrics"}
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, timeout=30, env=environment, capture_output=True, text=True
    )
    assert "expected a port" in done.stdout
