"""What the request that fetches an export may take."""

from __future__ import annotations

import re

from starlette.types import Scope

from reference_app.protection import Allowance

FETCHING = Allowance(max_bytes=0, seconds=3600.0)
"""A file of some hundred megabytes over a slow line; it is sent on as it is read, and holds no connection."""
_PATH = re.compile(r"(/api/v1)?/agent/exports/[0-9A-Fa-f-]{32,36}/file")


def allowance(scope: Scope) -> Allowance | None:
    """What a request that fetches an export may take; None for all others."""
    return FETCHING if scope["method"] == "GET" and _PATH.fullmatch(scope["path"]) else None
