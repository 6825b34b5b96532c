"""The copy of what is held, made and sent: the pages and the API share it."""

from __future__ import annotations

import re
from contextlib import ExitStack
from uuid import UUID

from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.types import Scope

from reference_app import language
from reference_app.parts import parts_of
from reference_app.places import Places
from reference_app.protection import Allowance
from reference_app.rights import copy, held
from reference_app.spool import sent, spool

_PLACES = Places(2)
"""Copies made at once by one worker: most people have a few dossiers, and a firm with hundreds holds nobody up."""


_PATHS = frozenset({"/my-data/copy", "/api/v1/my-data/copy"})
_AT_COUNTER = re.compile(r"(/api/v1)?/agent/mandats/[0-9A-Fa-f-]{32,36}/data/copy")
_COPY = Allowance(max_bytes=16 * 1024, seconds=900.0)
"""For files that come from the storage and go to a phone; a form asks for the copy at the counter."""


def allowance(scope: Scope) -> Allowance | None:
    """What a request for a copy may take; None for all others."""
    return _COPY if scope["path"] in _PATHS or _AT_COUNTER.fullmatch(scope["path"]) else None


async def archive(request: Request, account: UUID) -> StreamingResponse:
    """All that is held about ``account``, as a ZIP archive. Raises Unavailable while others get theirs."""
    parts = parts_of(request)
    at, spoken = parts.clock(), language.wanted(request)
    with _PLACES.one(), ExitStack() as stack:
        data, page = stack.enter_context(spool()), stack.enter_context(spool())
        async with parts.pool.connection() as connection:
            await copy.write_json(connection, account, at, data)
            files, left_out = await held.files(connection, account, copy.FITS)
            await copy.write_page(connection, account, at, page, parts.renderer, spoken, left_out=left_out)
        whole = await copy.archive(data, page, files, parts.store)
    return sent(whole, "application/zip", f"portance-{at:%Y-%m-%d}.zip")


async def document(request: Request, account: UUID) -> StreamingResponse:
    """The same as one JSON document. Raises Unavailable while others get theirs."""
    parts = parts_of(request)
    with _PLACES.one(), ExitStack() as stack:
        data = stack.enter_context(spool())
        async with parts.pool.connection() as connection:
            await copy.write_json(connection, account, parts.clock(), data)
        stack.pop_all()
    return sent(data, "application/json")
