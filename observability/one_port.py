"""One address for HTTP/1.1 and gRPC: who connects is handed on by the first bytes it sends.

A service says in ``OTEL_EXPORTER_OTLP_PROTOCOL`` how it exports and not to whom, so a run has one address for both.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress

_PREFACE = b"PRI * HTTP/2.0\r\n"  # RFC 9113, section 3.4: what a client of HTTP/2 sends first
_CHUNK = 64 * 1024
_FIRST_BYTES_S = 30.0


async def serve(listening: socket.socket, http_port: int, grpc_port: int) -> asyncio.Server:
    """Hand on everybody who connects to ``listening``, until the server is closed."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(_FIRST_BYTES_S):
                first = await _first_bytes(reader)
            if first:
                await _joined(reader, writer, first, grpc_port if first.startswith(_PREFACE) else http_port)
        writer.close()

    return await asyncio.start_server(connected, sock=listening, limit=_CHUNK)


async def _first_bytes(reader: asyncio.StreamReader) -> bytes:
    """Enough to tell which of the two it is."""
    first = b""
    while _PREFACE.startswith(first) and len(first) < len(_PREFACE):
        more = await reader.read(_CHUNK)
        if not more:
            return first
        first += more
    return first


async def _joined(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, first: bytes, port: int) -> None:
    there, to_there = await asyncio.open_connection("127.0.0.1", port, limit=_CHUNK)
    try:
        to_there.write(first)
        onward = asyncio.create_task(_copied(reader, to_there))
        try:
            await _copied(there, writer)
        finally:
            onward.cancel()
            await asyncio.wait([onward])
    finally:
        to_there.close()


async def _copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
    with suppress(OSError):  # said also of a connection that broke, or the other side would wait for ever
        writer.write_eof()
