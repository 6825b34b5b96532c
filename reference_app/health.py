"""Probes: alive (restart me if not) and ready (send me nobody if not)."""

from __future__ import annotations

import psycopg
from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from reference_app.errors import Unavailable
from reference_app.parts import Given

router = APIRouter(include_in_schema=False)

READY_WAIT_S = 1.0


@router.get("/livez")
async def alive() -> Response:
    """The process answers. The database is left out: restarting this would not mend that."""
    return JSONResponse({"status": "alive"})


@router.get("/readyz")
async def ready(parts: Given) -> Response:
    """The database answers and has the schema this code needs, or a newer one; the ended sessions are known."""
    try:
        async with parts.pool.connection(READY_WAIT_S) as connection:
            cursor = await connection.execute(
                "SELECT version_num, current_setting('statement_timeout') <> '0' FROM alembic_version"
            )
            row = await cursor.fetchone()
        if not parts.ended.known:
            await parts.ended.refresh()
    except psycopg.Error:
        return _not_ready("the database does not answer, or was never migrated")
    # Steps are numbered, so that during a rollout the old code stays ready on the new schema.
    if row is None or row[0] < parts.schema_head:
        return _not_ready(f"the schema is older than {parts.schema_head}")
    if not row[1]:
        return _not_ready("statements are not bounded: behind a pooler the role of the service needs a time limit")
    return JSONResponse({"status": "ready", "schema": row[0]})


def _not_ready(reason: str) -> Response:
    headers = {"Retry-After": str(Unavailable.retry_after_s)}
    return JSONResponse({"status": "not ready", "reason": reason}, 503, headers=headers)
