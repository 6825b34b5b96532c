"""A message of OTLP as it comes: unpacked within bounds, checked, told from one that is none."""

from __future__ import annotations

import base64
import zlib

from google.protobuf import json_format
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

MAX_BODY_BYTES = 16 * 1024 * 1024
PROTOBUF = "application/x-protobuf"
JSON = "application/json"


class RefusedError(Exception):
    """A body is refused with the status of HTTP given."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def unpacked(body: bytes, encoding: str) -> bytes:
    """The content of ``body``, never more than :data:`MAX_BODY_BYTES` of it.

    Raises:
        RefusedError: it is damaged, unpacks to more than that, or is packed in an unknown way.
    """
    match encoding:
        case "" | "identity":
            return body
        case "gzip" | "deflate":
            # 32 lets zlib tell gzip from deflate; a limit on the output stops a small body that unpacks to gigabytes.
            unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
            try:
                content = unpacker.decompress(body, MAX_BODY_BYTES)
            except zlib.error as error:
                raise RefusedError(400) from error
            if unpacker.unconsumed_tail:
                raise RefusedError(413)
            if not unpacker.eof:
                raise RefusedError(400)
            return content
        case _:
            raise RefusedError(415)


def parsed(kind: str, body: bytes) -> tuple[int, bytes]:
    """How many spans a message of content type ``kind`` has, and its protobuf bytes.

    Raises:
        RefusedError: it is no such message.
    """
    try:
        match kind:
            case "application/x-protobuf":
                return _number(ExportTraceServiceRequest.FromString(body)), body
            case "application/json":
                message = json_format.Parse(body, ExportTraceServiceRequest(), ignore_unknown_fields=True)
                _ids_from_hex(message)
                return _number(message), message.SerializeToString()
            case _:
                raise RefusedError(415)
    except (DecodeError, json_format.ParseError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise RefusedError(400) from error


def answer(refused: int) -> ExportTraceServiceResponse:
    """What the sender is told: all is well, or so many spans were not taken."""
    response = ExportTraceServiceResponse()
    if refused:
        response.partial_success.rejected_spans = refused
        response.partial_success.error_message = "the receiver is full"
    return response


def _number(message: ExportTraceServiceRequest) -> int:
    return sum(len(scope.spans) for resource in message.resource_spans for scope in resource.scope_spans)


def _ids_from_hex(message: ExportTraceServiceRequest) -> None:
    """OTLP writes ids as hexadecimal where protobuf's JSON reads base64; turn the misread bytes back."""
    for resource in message.resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                span.trace_id = bytes.fromhex(base64.b64encode(span.trace_id).decode())
                span.span_id = bytes.fromhex(base64.b64encode(span.span_id).decode())
                span.parent_span_id = bytes.fromhex(base64.b64encode(span.parent_span_id).decode())
