"""The receiver: what it accepts, what it refuses, and that it stays bounded."""

from __future__ import annotations

import gzip
import re
import signal
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from observability import otlp
from observability.receiver import Receiver, ReceiverError
from observability.spans import Work

PROTOBUF = {"content-type": "application/x-protobuf"}


@pytest.fixture
def receiver(tmp_path) -> Iterator[Receiver]:
    with Receiver(tmp_path, max_spans=10) as receiver:
        yield receiver


def message(number: int = 1, first: int = 1) -> bytes:
    request = ExportTraceServiceRequest()
    scope = request.resource_spans.add().scope_spans.add()
    for n in range(first, first + number):
        scope.spans.add(
            trace_id=n.to_bytes(16, "big"), span_id=n.to_bytes(8, "big"), name="GET /a", kind=2,
            start_time_unix_nano=1_000, end_time_unix_nano=2_000,
        )  # fmt: skip
    return request.SerializeToString()


def post(receiver: Receiver, content: object, path: str = "/v1/traces", **headers: str) -> httpx.Response:
    with httpx.Client(trust_env=False) as client:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.post(receiver.endpoint + path, content=content, headers={**PROTOBUF, **names})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("packed", "encoding"),
    [(message(), "identity"), (gzip.compress(message()), "gzip"), (zlib.compress(message()), "deflate")],
    ids=["identity", "gzip", "deflate"],
)
def test_protobuf_is_accepted_in_each_encoding(receiver: Receiver, packed: bytes, encoding: str) -> None:
    assert post(receiver, packed, content_encoding=encoding).status_code == 200
    (span,) = receiver.received().spans
    assert (span.label, span.work, span.end_ns) == ("GET /a", Work.SERVING, 2_000)


def test_a_body_sent_in_chunks_is_accepted(receiver: Receiver) -> None:
    body = message(3)
    assert post(receiver, iter([body[:7], body[7:]])).status_code == 200
    assert len(receiver.received().spans) == 3


def test_json_is_accepted_with_hexadecimal_ids(receiver: Receiver) -> None:
    span = (
        '{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","parentSpanId":"eee19b7ec3c1b173",'
        '"name":"x","kind":2,"startTimeUnixNano":"1544712660000000000","endTimeUnixNano":"1544712661000000000",'
        '"attributes":[{"key":"http.route","value":{"stringValue":"/a"}}],"unknownField":1}'
    )
    body = f'{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{span}]}}]}}]}}'
    answer = post(receiver, body.encode(), content_type="application/json")
    assert (answer.status_code, answer.json()) == (200, {})
    (received,) = receiver.received().spans
    assert received.trace_id == "5b8efff798038103d269b633813fc60c"
    assert received.parent_id == "eee19b7ec3c1b173"


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"\xff\xff\xff", {}, 400),
        (b"not gzip", {"content_encoding": "gzip"}, 400),
        (gzip.compress(message())[:-9], {"content_encoding": "gzip"}, 400),
        (b'{"resourceSpans": 3}', {"content_type": "application/json"}, 400),
        (b"[" * 100_000, {"content_type": "application/json"}, 400),
        (
            b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"zz"}]}]}]}',
            {"content_type": "application/json"},
            400,
        ),
        (message(), {"content_type": "text/xml"}, 415),
        (message(), {"content_encoding": "br"}, 415),
    ],
    ids=["protobuf", "gzip", "cut-short", "json-type", "json-depth", "json-id", "content-type", "encoding"],
)
def test_what_cannot_be_read_is_refused_and_the_next_is_read(
    receiver: Receiver, body: bytes, headers: dict[str, str], status: int
) -> None:
    assert post(receiver, body, **headers).status_code == status
    assert post(receiver, message()).status_code == 200
    received = receiver.received()
    assert len(received.spans) == 1
    assert received.malformed_bodies == (1 if status == 400 else 0)


def test_a_small_body_that_unpacks_to_a_huge_one_is_refused(receiver: Receiver) -> None:
    bomb = gzip.compress(b"\0" * (otlp.MAX_BODY_BYTES + 1))
    assert len(bomb) < 100_000
    assert post(receiver, bomb, content_encoding="gzip").status_code == 413
    assert post(receiver, b"\0" * (otlp.MAX_BODY_BYTES + 1)).status_code == 413


def test_spans_beyond_the_cap_are_refused_and_counted(receiver: Receiver) -> None:
    assert post(receiver, message(8)).content == b""
    answer = ExportTraceServiceResponse.FromString(post(receiver, message(8, first=9)).content)
    assert answer.partial_success.rejected_spans == 8
    received = receiver.received()
    assert (len(received.spans), received.dropped) == (8, 8)


def test_bytes_beyond_the_cap_are_refused(tmp_path) -> None:
    with Receiver(tmp_path, max_spool_bytes=100) as receiver:
        post(receiver, message(1))
        post(receiver, message(5, first=2))
        received = receiver.received()
    assert (len(received.spans), received.dropped) == (1, 5)


def test_metrics_and_logs_are_counted_and_other_paths_are_not_there(receiver: Receiver) -> None:
    assert post(receiver, b"", "/v1/metrics").status_code == 200
    assert post(receiver, b"", "/v1/logs").status_code == 200
    assert post(receiver, b"", "/v1/profiles").status_code == 404
    assert httpx.get(receiver.endpoint + "/v1/traces", trust_env=False).status_code == 405
    received = receiver.received()
    assert (received.metrics, received.logs, received.spans) == (1, 1, [])


def test_spans_without_valid_ids_are_counted(receiver: Receiver) -> None:
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add().scope_spans.add().spans
    spans.add(trace_id=b"short", span_id=b"12345678")
    spans.add(trace_id=b"\0" * 16, span_id=b"12345678")
    assert post(receiver, request.SerializeToString()).status_code == 200
    received = receiver.received()
    assert (received.spans, received.malformed_spans) == ([], 2)


def test_nothing_is_left_behind(tmp_path) -> None:
    before = set(threading.enumerate())
    with Receiver(tmp_path) as receiver, httpx.Client(trust_env=False) as kept_open:
        kept_open.post(receiver.endpoint + "/v1/traces", content=message(), headers=PROTOBUF)
        assert list(tmp_path.iterdir()) == [], "what a service exports is never a named file"
        endpoint = receiver.endpoint
        receiver.__exit__()
    assert set(threading.enumerate()) <= before
    with pytest.raises(httpx.ConnectError):
        httpx.get(endpoint, trust_env=False)


def test_a_folder_that_is_not_there_is_one_clear_line(tmp_path) -> None:
    with pytest.raises(ReceiverError, match="cannot start: No such file"), Receiver(tmp_path / "none"):
        pass


def test_ctrl_c_ends_it_without_a_word(tmp_path) -> None:
    code = """
import signal, sys
from observability.receiver import Receiver
with Receiver() as receiver:
    print(receiver.endpoint, flush=True)
    try:
        signal.pause()
    except KeyboardInterrupt:
        pass
"""
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    endpoint = process.stdout.readline().strip()
    with httpx.Client(trust_env=False) as kept_open:
        assert kept_open.post(endpoint + "/v1/traces", content=message(), headers=PROTOBUF).status_code == 200
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=20) == ("", "")
    assert process.returncode == 0


def test_every_text_of_spans_and_events_is_given_with_the_name_of_its_attribute(receiver: Receiver) -> None:
    request = ExportTraceServiceRequest()
    span = request.resource_spans.add().scope_spans.add().spans.add(
        trace_id=b"t" * 16, span_id=b"s" * 8, name="GET /a", kind=2
    )  # fmt: skip
    span.attributes.add(key="contact").value.string_value = "somebody"
    span.attributes.add(key="count").value.int_value = 3
    span.attributes.add(key="many").value.array_value.values.add().string_value = "one of them"
    span.events.add(name="exception").attributes.add(key="exception.message").value.string_value = "no"
    assert post(receiver, request.SerializeToString()).status_code == 200
    expected = [
        ("name", "GET /a"), ("contact", "somebody"), ("many", "one of them"), ("name", "exception"),
        ("exception.message", "no"),
    ]  # fmt: skip
    assert list(receiver.texts()) == expected
    assert len(receiver.received().spans) == 1, "the look at the texts takes nothing from the spans"


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_memory_does_not_grow_with_what_is_received(protocol: str) -> None:
    """The short form of the benchmark: what it prints of memory and of spans, whatever the time it took."""
    script = Path(__file__).parents[1] / "benchmarks" / "receiver.py"
    command = [sys.executable, str(script), "--seconds", "2", "--rate", "20000", "--protocol", protocol]
    printed = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False).stdout
    assert re.search(r"sent (\d+), kept \1, refused 0", printed), printed
    assert float(re.findall(r"\(\+([\d.-]+) MB\)", printed)[0]) <= 32, printed


@pytest.mark.parametrize(("name", "kind"), [("json", "application/json"), ("protobuf", "application/x-protobuf")])
def test_what_a_service_in_node_exports_is_read(receiver: Receiver, name: str, kind: str) -> None:
    """Recorded from a plain http server under OpenTelemetry for Node 2.12, set up by the environment alone."""
    body = (Path(__file__).parent / "recorded" / f"node-2.12.{name}").read_bytes()
    assert post(receiver, body, content_type=kind).status_code == 200
    (span,) = receiver.received().spans
    assert (span.trace_id, span.parent_id) == ("c" * 32, "d" * 16), "it follows the trace of the load"
    assert (span.work, span.service) == (Work.SERVING, "node-app")
