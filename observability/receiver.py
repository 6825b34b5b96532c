"""An OTLP/HTTP receiver for the time of an assessment, on this machine only.

While load runs it does the least: it checks a message, keeps its bytes in an unnamed temporary file, answers. Spans are
read from that file afterwards (docs/decisions/0041), so neither memory nor the cores under test pay for the analysis,
and nothing a service exported stays on disk after the run.
"""

from __future__ import annotations

import asyncio
import base64
import socket
import struct
import tempfile
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import uvicorn
from google.protobuf import json_format
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from observability.received import Received
from observability.spans import Span, spans, texts

MAX_BODY_BYTES = 16 * 1024 * 1024
MAX_SPANS = 400_000
"""Spans kept: about 250 MB once read; 5 000 a second for 80 seconds."""
MAX_SPOOL_BYTES = 512 * 1024 * 1024

_LENGTH = struct.Struct("<I")
_PROTOBUF = "application/x-protobuf"
_JSON = "application/json"


class ReceiverError(Exception):
    """The receiver of spans could not start."""


class _RefusedError(Exception):
    """A body is refused with the status given."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Receiver:
    """Accepts OTLP/HTTP on 127.0.0.1 inside a ``with`` block; :meth:`received` afterwards gives what came.

    Args:
        folder: where the unnamed temporary file is made; the system's default if None.
        max_spans: spans kept; those beyond are refused with a partial success and counted.
        max_spool_bytes: bytes kept on disk, likewise.

    Raises:
        ReceiverError: no port or no temporary file can be had.
    """

    def __init__(
        self, folder: Path | None = None, *, max_spans: int = MAX_SPANS, max_spool_bytes: int = MAX_SPOOL_BYTES
    ) -> None:
        self._folder = folder
        self._max_spans = max_spans
        self._max_spool_bytes = max_spool_bytes
        self._lock = threading.Lock()
        self._spooled_spans = 0
        self._spooled_bytes = 0
        self._counts = {"dropped": 0, "malformed": 0, "metrics": 0, "logs": 0}

    def __enter__(self) -> Self:
        try:
            self._spool = tempfile.TemporaryFile(dir=self._folder)
            self._socket = socket.create_server(("127.0.0.1", 0))
        except OSError as error:
            raise ReceiverError(f"the receiver of spans cannot start: {error.strerror}") from error
        self.endpoint = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(
            self._serve,
            interface="asgi3",
            lifespan="off",
            proxy_headers=False,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="otlp-receiver", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=5)
        self._socket.close()
        self._spool.close()

    def received(self) -> Received:
        """Everything kept so far; call it inside the ``with`` block, once the service has stopped."""
        with self._lock:
            self._spool.seek(0)
            kept = list(self._read())
            self._spool.seek(0, 2)
            counts = dict(self._counts)
        good = [span for span in kept if span is not None]
        return Received(
            spans=good,
            dropped=counts["dropped"],
            malformed_bodies=counts["malformed"],
            malformed_spans=len(kept) - len(good),
            metrics=counts["metrics"],
            logs=counts["logs"],
        )

    def texts(self) -> Iterator[tuple[str, str]]:
        """Every text that spans carried: the name of an attribute, "name" for a span or an event, and what it says.

        Call it like :meth:`received`.
        """
        with self._lock:
            self._spool.seek(0)
            for message in self._messages():
                yield from texts(message.resource_spans)
            self._spool.seek(0, 2)

    def _read(self) -> Iterator[Span | None]:
        for message in self._messages():
            yield from spans(message.resource_spans)

    def _messages(self) -> Iterator[ExportTraceServiceRequest]:
        while head := self._spool.read(_LENGTH.size):
            yield ExportTraceServiceRequest.FromString(self._spool.read(_LENGTH.unpack(head)[0]))

    def _run(self) -> None:
        asyncio.run(self._server.serve(sockets=[self._socket]))

    async def _serve(self, scope: Any, receive: Any, send: Any) -> None:
        """The ASGI application: three paths of OTLP, POST only."""
        try:
            if scope["method"] != "POST":
                raise _RefusedError(405)
            match scope["path"]:
                case "/v1/traces":
                    status, kind, answer = await self._traces(scope, receive)
                case "/v1/metrics" | "/v1/logs" as path:
                    await _body(receive, MAX_BODY_BYTES)
                    self._counts[path.removeprefix("/v1/")] += 1
                    # An empty message is a full success in protobuf; {} is the same in JSON.
                    kind = _content_type(scope)
                    status, answer = 200, b"{}" if kind == _JSON else b""
                case _:
                    raise _RefusedError(404)
        except _RefusedError as refusal:
            if refusal.status == 400:
                self._counts["malformed"] += 1
            status, kind, answer = refusal.status, "text/plain", b""
        headers = [(b"content-type", kind.encode()), (b"content-length", str(len(answer)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    async def _traces(self, scope: Any, receive: Any) -> tuple[int, str, bytes]:
        kind = _content_type(scope)
        body = _decoded(await _body(receive, MAX_BODY_BYTES), _header(scope, b"content-encoding"))
        message, body = _parsed(kind, body)
        number = sum(len(scope_spans.spans) for r in message.resource_spans for scope_spans in r.scope_spans)
        refused = 0 if self._keep(body, number) else number
        response = ExportTraceServiceResponse()
        if refused:
            response.partial_success.rejected_spans = refused
            response.partial_success.error_message = "the receiver is full"
        answer = response.SerializeToString() if kind == _PROTOBUF else json_format.MessageToJson(response).encode()
        return 200, kind, answer

    def _keep(self, body: bytes, number: int) -> bool:
        with self._lock:
            fits = (
                self._spooled_spans + number <= self._max_spans
                and self._spooled_bytes + len(body) <= self._max_spool_bytes
            )
            if fits:
                fits = self._append(body)
            if not fits:
                self._counts["dropped"] += number
                return False
            self._spooled_spans += number
            self._spooled_bytes += _LENGTH.size + len(body)
            return True

    def _append(self, body: bytes) -> bool:
        """Write one message; a full disk leaves the file as it was."""
        try:
            self._spool.write(_LENGTH.pack(len(body)) + body)
            self._spool.flush()
        except OSError:
            self._spool.seek(self._spooled_bytes)
            self._spool.truncate()
            return False
        return True


async def _body(receive: Any, limit: int) -> bytes:
    parts = bytearray()
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise _RefusedError(400)
        parts += event.get("body", b"")
        if len(parts) > limit:
            raise _RefusedError(413)
        if not event.get("more_body", False):
            return bytes(parts)


def _decoded(body: bytes, encoding: str) -> bytes:
    match encoding:
        case "" | "identity":
            return body
        case "gzip" | "deflate":
            # 32 lets zlib tell gzip from deflate; a limit on the output stops a small body that unpacks to gigabytes.
            unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
            try:
                content = unpacker.decompress(body, MAX_BODY_BYTES)
            except zlib.error as error:
                raise _RefusedError(400) from error
            if unpacker.unconsumed_tail:
                raise _RefusedError(413)
            if not unpacker.eof:
                raise _RefusedError(400)
            return content
        case _:
            raise _RefusedError(415)


def _parsed(kind: str, body: bytes) -> tuple[ExportTraceServiceRequest, bytes]:
    """The message and its protobuf bytes."""
    try:
        match kind:
            case "application/x-protobuf":
                return ExportTraceServiceRequest.FromString(body), body
            case "application/json":
                message = json_format.Parse(body, ExportTraceServiceRequest(), ignore_unknown_fields=True)
                _ids_from_hex(message)
                return message, message.SerializeToString()
            case _:
                raise _RefusedError(415)
    except (DecodeError, json_format.ParseError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise _RefusedError(400) from error


def _ids_from_hex(message: ExportTraceServiceRequest) -> None:
    """OTLP writes ids as hexadecimal where protobuf's JSON reads base64; turn the misread bytes back."""
    for resource in message.resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                span.trace_id = bytes.fromhex(base64.b64encode(span.trace_id).decode())
                span.span_id = bytes.fromhex(base64.b64encode(span.span_id).decode())
                span.parent_span_id = bytes.fromhex(base64.b64encode(span.parent_span_id).decode())


def _content_type(scope: Any) -> str:
    return _header(scope, b"content-type").split(";")[0].strip()


def _header(scope: Any, name: bytes) -> str:
    return next((value.decode("latin-1").lower() for key, value in scope["headers"] if key == name), "")
