"""OTLP over HTTP/1.1: three paths, POST only, protobuf or JSON."""

from __future__ import annotations

from typing import Any

from google.protobuf import json_format

from observability.otlp import JSON, MAX_BODY_BYTES, PROTOBUF, RefusedError, answer, parsed, unpacked
from observability.spool import Spool


def application(spool: Spool) -> Any:
    """The ASGI application that puts what it is sent into ``spool``."""

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        try:
            status, kind, body = await _answered(scope, receive, spool)
        except RefusedError as refusal:
            if refusal.status == 400:
                spool.count("malformed")
            status, kind, body = refusal.status, "text/plain", b""
        headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return serve


async def _answered(scope: Any, receive: Any, spool: Spool) -> tuple[int, str, bytes]:
    if scope["method"] != "POST":
        raise RefusedError(405)
    kind = _header(scope, b"content-type").split(";")[0].strip()
    match scope["path"]:
        case "/v1/traces":
            number, body = parsed(kind, unpacked(await _body(receive), _header(scope, b"content-encoding")))
            response = answer(spool.keep(body, number))
            told = response.SerializeToString() if kind == PROTOBUF else json_format.MessageToJson(response).encode()
            return 200, kind, told
        case "/v1/metrics" | "/v1/logs" as path:
            await _body(receive)
            spool.count(path.removeprefix("/v1/"))
            # An empty message is a full success in protobuf; {} is the same in JSON.
            return 200, kind, b"{}" if kind == JSON else b""
        case _:
            raise RefusedError(404)


async def _body(receive: Any) -> bytes:
    parts = bytearray()
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise RefusedError(400)
        parts += event.get("body", b"")
        if len(parts) > MAX_BODY_BYTES:
            raise RefusedError(413)
        if not event.get("more_body", False):
            return bytes(parts)


def _header(scope: Any, name: bytes) -> str:
    return next((value.decode("latin-1").lower() for key, value in scope["headers"] if key == name), "")
