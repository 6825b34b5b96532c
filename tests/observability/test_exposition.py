"""Parts of telemetry on their own: text for Prometheus, the shelf of workers, shapes of personal values, the queue."""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.metrics.v1 import metrics_pb2

from observability import logs
from observability.exposition import Snapshot, text
from observability.histograms import MAX_SERIES, OVERFLOW, Histogram
from observability.logs import Log
from observability.scrape import Shelf, every_s
from observability.scrubbing import without_personal_values
from observability.served import queued_s


def snapshot(count: int = 3, waiting: int = 2, route: str = "/a", bounds: tuple[float, ...] = (0.1, 0.5)) -> bytes:
    """OTLP of one process: a histogram of so many requests, a number of those that wait, and a highest value."""
    request = ExportMetricsServiceRequest()
    resource = request.resource_metrics.add()
    resource.resource.attributes.add(key="service.name").value.string_value = "s"
    resource.resource.attributes.add(key="service.instance.id").value.string_value = str(count)
    metrics = resource.scope_metrics.add().metrics
    point = metrics_pb2.HistogramDataPoint(
        explicit_bounds=bounds, bucket_counts=[count, *[0] * len(bounds)], sum=0.5, count=count
    )
    point.attributes.add(key="http.route").value.string_value = route
    metrics.add(name="http.server.request.duration", unit="s", histogram=metrics_pb2.Histogram(data_points=[point]))
    metrics.add(name="db.client.connection.pending_requests", unit="{request}").sum.data_points.add(as_int=waiting)
    metrics.add(name="lag", unit="s").gauge.data_points.add(as_double=waiting / 10)
    events = metrics.add(name="business.events", unit="{event}").sum
    events.is_monotonic = True
    events.data_points.add(as_int=count)
    return request.SerializeToString()


def test_what_grows_is_added_up_over_all_workers_and_what_waits_over_those_that_live() -> None:
    shown = text([Snapshot(snapshot(3, 2), True), Snapshot(snapshot(4, 5), True), Snapshot(snapshot(10, 90), False)])
    lines = shown.splitlines()
    assert 'http_server_request_duration_seconds_bucket{http_route="/a",le="0.1"} 17' in lines
    assert 'http_server_request_duration_seconds_bucket{http_route="/a",le="+Inf"} 17' in lines
    assert 'http_server_request_duration_seconds_count{http_route="/a"} 17' in lines
    assert 'http_server_request_duration_seconds_sum{http_route="/a"} 1.5' in lines
    assert "business_events_total 17.0" in lines
    assert "db_client_connection_pending_requests 7.0" in lines
    assert "lag_seconds 0.5" in lines
    assert 'target_info{service_name="s"} 1' in lines


def test_a_label_is_escaped_and_buckets_of_another_version_are_left_out() -> None:
    odd = 'a"b\\c\nd'
    shown = text([Snapshot(snapshot(3, route=odd), True), Snapshot(snapshot(4, route=odd, bounds=(0.2,)), True)])
    assert r'http_server_request_duration_seconds_count{http_route="a\"b\\c\nd"} 3' in shown.splitlines()


def test_a_shelf_holds_one_file_a_worker_and_forgets_the_oldest_of_many(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, every_s=1.0)
    for n in range(80):
        path = tmp_path / f"9{n:05d}-1.otlp"
        path.write_bytes(b"%d" % n)
        os.utime(path, (time.time() - 1_000 - n,) * 2)
    shelf.leave(b"mine")
    shelf.leave(b"mine, later")
    found = list(shelf.snapshots())
    assert found[0] == Snapshot(b"mine, later", True)
    assert len(found) == 64
    assert Snapshot(b"0", False) in found
    assert Snapshot(b"79", False) not in found
    assert list(Shelf(None, 1.0).snapshots()) == []


@pytest.mark.parametrize(("said", "seconds"), [("", 5.0), ("200", 0.2), ("60000", 5.0), ("0", 5.0), ("fast", 5.0)])
def test_metrics_are_looked_at_as_often_as_said_and_every_five_seconds_at_least(said: str, seconds: float) -> None:
    assert every_s({"OTEL_METRIC_EXPORT_INTERVAL": said}) == seconds


def test_labels_of_one_metric_are_bounded_and_a_known_series_is_still_told_apart() -> None:
    durations = Histogram("d", "", (0.1, 0.5), ("http.request.method", "http.route"))
    for number in range(MAX_SERIES + 5):
        durations.record(0.1, "GET", f"/{number}")
    durations.record(0.2, "GET", "/0")
    durations.record(9.0, "GET", "")
    points = {tuple(sorted(point.attributes.items())): point for point in durations.metric(1).data.data_points}
    assert len(points) == MAX_SERIES + 1
    assert list(points[tuple(OVERFLOW.items())].bucket_counts) == [5, 0, 1]
    first = points[(("http.request.method", "GET"), ("http.route", "/0"))]
    assert (list(first.bucket_counts), first.count, first.sum) == ([1, 1, 0], 2, pytest.approx(0.3))


@pytest.mark.parametrize(
    "value",
    [
        "jean.dupont@example.fr", "jean%40example.fr", "FR7630006000011234567890189", "280017511400112",
        "FR76 3000 6000 0112 3456 7890 189", "2 80 01 75 114 001 12", "1 85 12 2A 004 123", "0612345678",
        "+33 6 12 34 56 78",
    ],
)  # fmt: skip
def test_values_of_a_personal_shape_leave_a_text(value: str) -> None:
    said = without_personal_values(f"for {value}, twice ({value})")
    assert value not in said
    assert said == "for [removed], twice ([removed])"


@pytest.mark.parametrize(
    "text_",
    [
        "AUE-2026-00000042", "5b8efff798038103d269b633813fc60c", "019a0f3e-9d1c-7c3e-8f55-2b1f4f1f9a10", "1.25 s",
        "2026-11-22T11:20:01.123Z", "127.0.0.1:54321", "error 28000: role \"x\" does not exist", "73282932000074",
    ],
)  # fmt: skip
def test_identifiers_times_and_codes_stay(text_: str) -> None:
    assert without_personal_values(text_) == text_


@pytest.mark.parametrize(
    ("header", "waited"),
    [
        (b"t=1000000000.5", 1.5), (b"1000000000.500", 1.5), (b"1000000000500", 1.5), (b"t=999999000", None),
        (b"t=1000000009", None), (b"", None), (b"t=NaN", None), (b"t=1e9", None), (b"9" * 400, None),
    ],
)  # fmt: skip
def test_the_wait_in_front_is_read_or_not_believed(header: bytes, waited: float | None) -> None:
    found = queued_s({"headers": [(b"x-request-start", header)]}, now=1_000_000_002.0)
    assert found == (None if waited is None else pytest.approx(waited))


def test_a_queue_of_lines_is_bounded_and_says_what_it_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "QUEUED_LINES", 3)
    monkeypatch.setattr(logs, "FLUSH_EVERY_S", 60.0)
    reading, writing = os.pipe()
    log = Log("s", writing, lambda: datetime(2026, 11, 22, tzinfo=UTC))
    for number in range(10):
        log.line("e", "INFO", {"n": number, "level": "not this one"}, None)
    log.close()
    os.close(writing)
    with os.fdopen(reading) as read:
        written = [json.loads(line) for line in read]
    assert [line.get("n") for line in written] == [0, 1, 2, None]
    assert written[-1] == {
        "time": "2026-11-22T00:00:00.000Z", "level": "WARNING", "event": "log.lines_lost", "service": "s", "lines": 7,
    }  # fmt: skip
    assert written[0]["level"] == "INFO"
