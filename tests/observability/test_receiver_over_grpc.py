"""The receiver over gRPC: the same address, the same bounds, the same counts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from observability import otlp
from observability.receiver import Receiver

Export = Callable[[bytes], bytes]


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    with Receiver(tmp_path, max_spans=1_000, max_read=100) as receiver:
        yield receiver


@pytest.fixture(params=["plain", "gzip"])
def channel(receiver: Receiver, request: pytest.FixtureRequest) -> Iterator[grpc.Channel]:
    packed = grpc.Compression.Gzip if request.param == "gzip" else grpc.Compression.NoCompression
    address = receiver.endpoint.removeprefix("http://")
    with grpc.insecure_channel(address, compression=packed, options=[("grpc.max_send_message_length", -1)]) as channel:
        yield channel


def exporting(channel: grpc.Channel, signal: str = "trace", service: str = "Trace") -> Export:
    method = channel.unary_unary(f"/opentelemetry.proto.collector.{signal}.v1.{service}Service/Export")
    return lambda body: method(body, timeout=20)


def message(number: int = 1, first: int = 1, name: str = "GET /a") -> bytes:
    request = ExportTraceServiceRequest()
    scope = request.resource_spans.add().scope_spans.add()
    for n in range(first, first + number):
        # the last bytes of an id are the random ones: spread over all values
        trace = (n * 0x9E3779B97F4A7C15F39CC0605CEDC835) % 2**128
        scope.spans.add(
            trace_id=trace.to_bytes(16, "big"), span_id=n.to_bytes(8, "big"), name=name, kind=2,
            start_time_unix_nano=1_000, end_time_unix_nano=2_000,
        )  # fmt: skip
    return request.SerializeToString()


def test_spans_come_by_grpc_and_by_http_to_one_address(receiver: Receiver, channel: grpc.Channel) -> None:
    assert exporting(channel)(message(3)) == b""
    with httpx.Client(trust_env=False) as client:
        headers = {"content-type": "application/x-protobuf"}
        answer = client.post(receiver.endpoint + "/v1/traces", content=message(2, first=4), headers=headers)
    assert answer.status_code == 200
    assert len(receiver.received().spans) == 5


def test_a_message_that_is_none_is_refused_and_counted(receiver: Receiver, channel: grpc.Channel) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        exporting(channel)(b"\xff\xff\xff")
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    exporting(channel)(message())
    received = receiver.received()
    assert (len(received.spans), received.malformed_bodies) == (1, 1)


def test_a_message_too_large_once_unpacked_is_refused(receiver: Receiver, channel: grpc.Channel) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        exporting(channel)(b"\0" * (otlp.MAX_BODY_BYTES + 1))
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert receiver.received().spans == []


def test_spans_beyond_the_cap_are_refused_and_the_sender_is_told(receiver: Receiver, channel: grpc.Channel) -> None:
    answer = ExportTraceServiceResponse.FromString(exporting(channel)(message(1_001)))
    assert answer.partial_success.rejected_spans == 1_001
    assert receiver.received().dropped == 1_001


def test_metrics_and_logs_are_counted(receiver: Receiver, channel: grpc.Channel) -> None:
    exporting(channel, "metrics", "Metrics")(b"")
    exporting(channel, "logs", "Logs")(b"")
    received = receiver.received()
    assert (received.metrics, received.logs) == (1, 1)


def test_a_span_of_a_megabyte_is_kept_and_its_name_cut(receiver: Receiver, channel: grpc.Channel) -> None:
    exporting(channel)(message(name="x" * 1_000_000))
    (span,) = receiver.received().spans
    assert len(span.label) <= 2_000


def test_of_too_many_spans_whole_traces_are_read_and_their_share_is_said(receiver: Receiver) -> None:
    with grpc.insecure_channel(receiver.endpoint.removeprefix("http://")) as channel:
        for _ in range(2):  # two spans a trace: with the same id, since doubles are told apart later
            exporting(channel)(message(400))
    received = receiver.received()
    assert received.share_read == pytest.approx(0.98 * 100 / 800)
    assert 50 < len(received.spans) <= 150
    of_a_trace = [span.trace_id for span in received.spans]
    assert all(of_a_trace.count(trace) == 2 for trace in of_a_trace), "a trace is read whole or not at all"


def test_a_client_that_sends_half_a_preface_or_nothing_is_let_go(receiver: Receiver) -> None:
    import socket

    host, port = receiver.endpoint.removeprefix("http://").split(":")
    for first in (b"", b"PRI * HT", b"GET "):
        with socket.create_connection((host, int(port)), timeout=20) as client:
            client.sendall(first)
            client.shutdown(socket.SHUT_WR)
            while client.recv(4096):
                pass
    with httpx.Client(trust_env=False) as client:
        body = json.dumps({"resourceSpans": []}).encode()
        headers = {"content-type": "application/json"}
        assert client.post(receiver.endpoint + "/v1/traces", content=body, headers=headers).status_code == 200
