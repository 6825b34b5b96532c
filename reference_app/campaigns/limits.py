"""What the request that brings a list may take."""

from __future__ import annotations

import re

from starlette.types import Scope

from reference_app.campaigns.reading import MOST_BYTES
from reference_app.pieces.limits import AFTERWARDS_S, GRACE_S, LEAST_BYTES_PER_S, OVERHEAD_BYTES
from reference_app.protection import Allowance

LIST = Allowance(
    # The limit itself is told beside the field: this one is for what slips past it, and so a little wider.
    max_bytes=MOST_BYTES + 16 * OVERHEAD_BYTES,
    seconds=GRACE_S + (MOST_BYTES + OVERHEAD_BYTES) / LEAST_BYTES_PER_S + AFTERWARDS_S,
)
_PATH = re.compile(r"/agent/campaigns/[0-9A-Fa-f-]{32,36}/lists")


def allowance(scope: Scope) -> Allowance | None:
    """What a request that sends a list may take; None for all others."""
    return LIST if _PATH.fullmatch(scope["path"]) else None
