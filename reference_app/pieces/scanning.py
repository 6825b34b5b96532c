"""Asking a virus scanner about a file: ClamAV's clamd over TCP or a Unix socket, within a bounded time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from enum import StrEnum
from urllib.parse import unquote, urlsplit

from reference_app.errors import ReferenceAppError

CONNECT_S = 3.0
SCAN_S = 30.0
"""Longest time for a file of 20 MB, which clamd reads in one or two seconds; then it counts as hanging."""
REST_S = 15.0
"""After a failure it is left alone for so long, and then asked by one first: many that wait for a scanner that hangs
would hold all places of their queue."""
_ANSWER_BYTES = 4096


class ScannerError(ReferenceAppError):
    """The scanner is away, hangs, or says nothing that can be understood: ask again later."""


class Verdict(StrEnum):
    """What a scanner says of a file."""

    CLEAN = "clean"
    INFECTED = "infected"
    TOO_LARGE = "too_large"


Scanner = Callable[[AsyncIterator[bytes]], Awaitable[Verdict]]
"""Says what is in a file. Raises ScannerError when it cannot tell now."""


def make_scanner(url: str) -> Scanner:
    """The clamd at ``tcp://host:port`` or ``unix:///path``; it is not asked anything yet."""
    at = urlsplit(url)

    async def connect() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if at.scheme == "unix":
            return await asyncio.open_unix_connection(unquote(at.path))
        return await asyncio.open_connection(at.hostname, at.port)

    async def scan(chunks: AsyncIterator[bytes]) -> Verdict:
        try:
            async with asyncio.timeout(SCAN_S):
                async with asyncio.timeout(CONNECT_S):
                    reader, writer = await connect()
                try:
                    return await _asked(reader, writer, chunks)
                finally:
                    writer.close()
                    with suppress(OSError):
                        await writer.wait_closed()
        except OSError as error:  # TimeoutError is one
            raise ScannerError(f"scanner: {type(error).__name__}") from error

    return scan


def rested(scanner: Scanner, clock: Callable[[], float] = time.monotonic) -> Scanner:
    """``scanner``, not asked for :data:`REST_S` after it failed, and then by one caller until it answers."""
    failed, again_at = False, 0.0

    async def scan(chunks: AsyncIterator[bytes]) -> Verdict:
        nonlocal failed, again_at
        if failed and clock() < again_at:
            raise ScannerError("scanner: left alone after a failure")
        again_at = clock() + SCAN_S + REST_S  # for the others, should it have failed before
        try:
            verdict = await scanner(chunks)
        except ScannerError:
            failed, again_at = True, clock() + REST_S
            raise
        failed = False
        return verdict

    return scan


async def _asked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, chunks: AsyncIterator[bytes]) -> Verdict:
    """Send the file as clamd's command INSTREAM wants it (clamd(8)), and read the answer.

    To a file that is too large for it, clamd answers before the end and closes: what it said is lost with the
    connection unless it is read while the file is sent.
    """
    answer = asyncio.create_task(reader.read(_ANSWER_BYTES))
    try:
        with suppress(ConnectionError):
            writer.write(b"zINSTREAM\0")
            async for chunk in chunks:
                writer.write(len(chunk).to_bytes(4, "big") + chunk)
                await writer.drain()
                await asyncio.sleep(0)  # the answer is read first, should there be one
                if answer.done():
                    break
            else:
                writer.write((0).to_bytes(4, "big"))
                await writer.drain()
        said = (await answer).rstrip(b"\0\n")
    finally:
        answer.cancel()
    if said == b"stream: OK":
        return Verdict.CLEAN
    if said.startswith(b"stream: ") and said.endswith(b" FOUND"):
        return Verdict.INFECTED
    if said.startswith(b"INSTREAM size limit exceeded"):
        return Verdict.TOO_LARGE
    raise ScannerError("scanner: no answer that can be understood")
