"""Summaries of k6, Gatling and Locust as those tools write them, and what must not become a good figure."""

from __future__ import annotations

import json

import pytest

from scorecard.bridges import gatling, k6, locust_csv
from scorecard.bridges.foreign import BridgeError, Foreign, Reading

K6 = {
    "metrics": {
        "http_reqs": {"type": "counter", "contains": "default", "values": {"count": 4500, "rate": 74.9}},
        "http_req_failed": {"type": "rate", "values": {"rate": 0.02, "passes": 90, "fails": 4410}},
        "http_req_duration": {
            "type": "trend",
            "contains": "time",
            "values": {"avg": 101.0, "min": 9, "med": 80.5, "max": 1200.25, "p(90)": 300, "p(95)": 412.75},
            "thresholds": {"p(95)<400": {"ok": False}, "p(95)<500": {"ok": True}},
        },
        "checks": {"type": "rate", "values": {"rate": 1, "passes": 10, "fails": 0}},
    },
    "state": {"testRunDurationMs": 60_000.5},
}
K6_EXPORT = {
    "metrics": {
        "http_reqs": {"count": 180, "rate": 4.36},
        "http_req_failed": {"passes": 0, "fails": 180, "value": 0},
        "http_req_duration": {
            "avg": 144.5,
            "med": 110.4,
            "max": 1140,
            "p(95)": 215.9,
            "thresholds": {"p(95)<500": False},
        },
    }
}
GATLING = {
    "name": "All Requests",
    "numberOfRequests": {"total": 6329, "ok": 4182, "ko": 2147},
    "maxResponseTime": {"total": 60010, "ok": 19010, "ko": 60010},
    "percentiles1": {"total": 150, "ok": 152, "ko": 143},
    "percentiles2": {"total": 212, "ok": 191, "ko": 298},
    "percentiles3": {"total": 1114, "ok": 694, "ko": 2068},
    "percentiles4": {"total": 60001, "ok": 1744, "ko": 60005},
    "meanNumberOfRequestsPerSecond": {"total": 27.638, "ok": 18.262, "ko": 9.376},
}
LOCUST_HEAD = (
    "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,Min Response Time,"
    "Max Response Time,Average Content Size,Requests/s,Failures/s,50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%\n"
)
LOCUST_ROWS = (
    "GET,/,500,0,12,14.2,3,96,1200,25.0,0.0,12,14,16,18,25,33,47,61,90,96,96\n"
    ",Aggregated,1000,5,40,120.5,3,2310.5,900,50.0,0.25,40,60,90,120,500,800,1200,1900,2300,2300,2300\n"
)


def of(foreign: Foreign) -> dict[str, Reading]:
    return {reading.name: reading for reading in foreign.readings}


def test_k6_times_become_seconds_and_thresholds_are_counted() -> None:
    foreign = k6.read(json.dumps(K6).encode())
    found = {name: reading.value for name, reading in of(foreign).items()}
    assert found == {
        "requests": 4500,
        "rate": 74.9,
        "error_rate": 0.02,
        "p50": 0.0805,
        "p95": 0.41275,
        "p99": None,
        "max": 1.20025,
        "checks_rate": 1,
        "thresholds_failed": 1,
    }
    assert foreign.duration_s == pytest.approx(60.0005)


def test_the_older_export_of_k6_is_read_but_for_its_thresholds() -> None:
    found = of(k6.read(json.dumps(K6_EXPORT).encode()))
    assert (found["requests"].value, found["p95"].value, found["error_rate"].value) == (180, 0.2159, 0)
    assert found["thresholds_failed"].value is None
    assert found["thresholds_failed"].reason is not None


@pytest.mark.parametrize("shape", ["values", "flat"])
def test_no_sample_is_no_latency_and_no_error_rate(shape: str) -> None:
    values = {"count": 0, "rate": 0}
    metrics = {
        "http_reqs": {"values": values} if shape == "values" else values,
        "http_req_failed": {"values": {"rate": 0}} if shape == "values" else {"value": 0},
        "http_req_duration": {"values": {"p(95)": 0}, "thresholds": {"p(95)<400": {"ok": True}}},
    }
    found = of(k6.read(json.dumps({"metrics": metrics}).encode()))
    assert found["requests"].value == 0
    assert [found[name].value for name in ("rate", "error_rate", "p50", "p95", "checks_rate")] == [None] * 5


def test_gatling_counts_failures_over_all_requests() -> None:
    found = of(gatling.read(json.dumps(GATLING).encode()))
    assert found["error_rate"].value == pytest.approx(2147 / 6329)
    assert (found["p50"].value, found["p95"].value, found["p99"].value) == (0.15, 1.114, 60.001)
    assert found["rate"].value == 27.638


def test_gatling_writes_numbers_as_text_too_and_a_dash_where_there_is_none() -> None:
    stats = {
        "numberOfRequests": {"total": "   92,163", "ok": "   92,163", "ko": "        0"},
        "percentiles3": {"total": "       33"},
        "percentiles4": {"total": "        -"},
        "meanNumberOfRequestsPerSecond": {"total": "1,517.5"},
    }
    found = of(gatling.read(json.dumps({"type": "GROUP", "stats": stats}).encode()))
    assert (found["requests"].value, found["error_rate"].value, found["p95"].value) == (92163, 0, 0.033)
    assert (found["rate"].value, found["p99"].value) == (1517.5, None)


def test_a_gatling_run_without_requests_has_no_latency() -> None:
    stats = {"numberOfRequests": {"total": 0, "ok": 0, "ko": 0}, "percentiles3": {"total": 0}}
    found = of(gatling.read(json.dumps(stats).encode()))
    assert found["requests"].value == 0
    assert found["p95"].value is None
    assert found["error_rate"].value is None


def test_a_percentile_of_locust_carries_the_rounding_it_went_through() -> None:
    found = of(locust_csv.read((LOCUST_HEAD + LOCUST_ROWS).encode()))
    assert (found["requests"].value, found["error_rate"].value, found["rate"].value) == (1000, 0.005, 50)
    p95 = found["p95"]
    # 804.9 ms was written as 800: a threshold of 800 ms must not be met by it.
    assert (p95.low, p95.value, p95.high) == (0.795, 0.8, 0.805)
    assert (found["p50"].low, found["p50"].high) == (0.0395, 0.0405)
    assert (found["p99"].low, found["p99"].high) == (1.85, 1.95)


def test_locust_without_a_request_has_no_latency() -> None:
    row = ",Aggregated,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0\n"
    found = of(locust_csv.read((LOCUST_HEAD + row).encode()))
    assert found["requests"].value == 0
    assert found["p95"].value is None


@pytest.mark.parametrize(
    ("read", "content"),
    [
        (k6.read, b""),
        (k6.read, b"[]"),
        (k6.read, b'{"metrics": {}}'),
        (k6.read, b'{"metrics": {"http_reqs": {"count": NaN}}}'),
        (k6.read, b"\xff\xfe"),
        (k6.read, b"[" * 100_000),
        (gatling.read, b"{}"),
        (gatling.read, b'{"stats": []}'),
        (locust_csv.read, b""),
        (locust_csv.read, b"Name\nAggregated\n"),
        (locust_csv.read, LOCUST_HEAD.encode()),
        (locust_csv.read, b"\xff\xfe\x00"),
    ],
)
def test_what_is_not_such_a_file_is_refused_in_one_line(read, content: bytes) -> None:
    with pytest.raises(BridgeError) as refused:
        read(content)
    assert refused.value.text.en
    assert refused.value.text.fr
    assert "\n" not in refused.value.text.en
