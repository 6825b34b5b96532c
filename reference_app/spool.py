"""A file that is written whole before it is sent: nobody's slow line holds a connection to the database meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from typing import IO

from starlette.responses import StreamingResponse

IN_MEMORY = 1_000_000
"""Bytes of a spool that stay in memory."""
CHUNK = 64 * 1024

Spool = IO[bytes]


def spool() -> Spool:
    """A file without a name that is gone when it is closed."""
    return SpooledTemporaryFile(max_size=IN_MEMORY)


def chunks(whole: Spool) -> Iterator[bytes]:
    """``whole`` from its beginning; it is closed at the end, or when nobody wants more."""
    with whole:
        whole.seek(0)
        while chunk := whole.read(CHUNK):
            yield chunk


def sent(whole: Spool, media_type: str, filename: str | None = None) -> StreamingResponse:
    """``whole`` as the answer to a request; with a ``filename``, to be kept."""
    headers = {"Content-Length": str(whole.seek(0, 2))}
    if filename is not None:
        headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    return StreamingResponse(chunks(whole), media_type=media_type, headers=headers)
