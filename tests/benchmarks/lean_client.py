"""HTTP/1.1 over connections that stay open, as a proxy in front of the service keeps them; little else, so that the
generator takes little of a machine it shares with the service."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import cast

LONGEST_S = 20.0


@dataclass(frozen=True, slots=True)
class Reply:
    """Status and body; ``head`` is raw."""

    status: int
    head: bytes
    body: bytes


class Wire(asyncio.Protocol):
    """One connection: one request at a time."""

    def __init__(self) -> None:
        self._read = bytearray()
        self._waiting: asyncio.Future[Reply] | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's own is no subclass of it

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(ConnectionError("closed before the answer"))

    def data_received(self, data: bytes) -> None:
        self._read += data
        end = self._read.find(b"\r\n\r\n")
        if end < 0 or self._waiting is None:
            return
        head = bytes(self._read[:end])
        at = head.lower().find(b"\r\ncontent-length:")
        length = int(head[at + 17 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self._read) < end + 4 + length:
            return
        body = bytes(self._read[end + 4 : end + 4 + length])
        del self._read[: end + 4 + length]
        waiting, self._waiting = self._waiting, None
        if not waiting.done():
            waiting.set_result(Reply(int(head[9:12]), head, body))

    async def ask(self, request: bytes) -> Reply:
        """Send ``request`` and wait for its answer."""
        assert self.transport is not None
        self._waiting = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        async with asyncio.timeout(LONGEST_S):
            return await self._waiting


class Client:
    """Connections to one address, taken in turn so that every worker that accepted some gets its share."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self._free: deque[Wire] = deque()

    async def ask(self, request: bytes) -> Reply:
        """The answer to ``request``. A connection that failed is not used again.

        Raises:
            OSError, TimeoutError: there was none.
        """
        wire = await self._taken()
        try:
            reply = await wire.ask(request)
        except BaseException:
            if wire.transport is not None:
                wire.transport.abort()
            raise
        self._free.append(wire)
        return reply

    async def open(self, count: int) -> None:
        """Open ``count`` connections beforehand."""
        self._free.extend([await self._new() for _ in range(count)])

    def close(self) -> None:
        """Close what is open."""
        for wire in self._free:
            if wire.transport is not None:
                wire.transport.close()

    async def _taken(self) -> Wire:
        while self._free:
            wire = self._free.popleft()
            if wire.transport is not None:
                return wire
        return await self._new()

    async def _new(self) -> Wire:
        _, wire = await asyncio.get_running_loop().create_connection(Wire, self.host, self.port)
        return wire


def get(path: str, cookie: str = "") -> bytes:
    """A request that reads ``path``."""
    return f"GET {path} HTTP/1.1\r\nHost: service\r\nCookie: {cookie}\r\n\r\n".encode()


def post(path: str, cookie: str, body: bytes, *extra: str, kind: str = "application/json") -> bytes:
    """A request that sends ``body`` to ``path``; ``extra`` are header lines."""
    lines = [f"POST {path} HTTP/1.1", "Host: service", f"Cookie: {cookie}", f"Content-Type: {kind}"]
    lines += [f"Content-Length: {len(body)}", *extra]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
