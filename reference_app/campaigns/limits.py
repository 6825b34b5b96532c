"""What the requests may take that bring a list, or fetch a table."""

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
TABLE = Allowance(max_bytes=0, seconds=900.0)
"""For some megabytes that go to a slow line; they are written before the first of them is sent."""
_CAMPAIGN = r"(/api/v1)?/agent/campaigns/[0-9A-Fa-f-]{32,36}"
_LIST = re.compile(rf"{_CAMPAIGN}/lists")
_TABLE = re.compile(rf"{_CAMPAIGN}/.*\.csv")


def allowance(scope: Scope) -> Allowance | None:
    """What a request that sends a list or fetches a table may take; None for all others."""
    if scope["method"] == "GET":
        return TABLE if _TABLE.fullmatch(scope["path"]) else None
    return LIST if _LIST.fullmatch(scope["path"]) else None
