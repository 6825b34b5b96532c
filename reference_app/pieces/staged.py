"""The jobs that a change of pieces brings about, staged in its transaction."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from reference_app.database import Connection
from reference_app.jobs.queues import Queue
from reference_app.jobs.staging import stage


async def stage_scan(connection: Connection, piece: UUID) -> None:
    """Have a piece looked at, in the caller's transaction."""
    once = f"pieces.scan.{piece}"
    await stage(connection, "pieces:scan", {"piece": str(piece)}, queue=Queue.SECONDS, once=once)


async def stage_deletion(connection: Connection, objects: Sequence[str]) -> None:
    """Have the bytes of pieces deleted that are no more, in the caller's transaction."""
    if objects:
        await stage(connection, "pieces:delete", {"objects": list(objects)}, queue=Queue.MINUTES)
