"""Open data as anybody reads it: a page that says what there is, and files that caches keep."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from reference_app.errors import N_, NotFound
from reference_app.open_data import publishing
from reference_app.open_data.files import LICENCE
from reference_app.pages import page
from reference_app.parts import Given
from reference_app.procedure import FILED

KEPT_S = 3600
NO_FILE = N_("Nothing is published of this procedure yet.")

router = APIRouter(prefix="/open-data", include_in_schema=False)


@router.get("")
async def about(request: Request, parts: Given) -> Response:
    """What is published, how, and under which licence."""
    async with parts.pool.connection() as connection:
        made = await publishing.made_at(connection)
    offered = [(procedure, made.get(name)) for name, procedure in FILED.items() if not procedure.pilot]
    return page(request, "open_data.html", offered=offered, licence=LICENCE)


@router.get("/{procedure}.{extension}")
async def data(request: Request, parts: Given, procedure: str, extension: Literal["csv", "json"]) -> Response:
    """Dossiers filed, by month, département and state, with delays; made at night, no person behind any number."""
    return await _file(request, parts, procedure, f"data.{extension}")


@router.get("/{procedure}/datapackage.json")
async def package(request: Request, parts: Given, procedure: str) -> Response:
    """What each column means, as a Data Package (Frictionless Data)."""
    return await _file(request, parts, procedure, "datapackage.json")


async def _file(request: Request, parts: Given, procedure: str, name: str) -> Response:
    async with parts.pool.connection() as connection:
        found = await publishing.file(connection, procedure, name)
    if found is None:
        raise NotFound(NO_FILE)
    headers = {
        "ETag": f'"{found["digest"]}"',
        "Cache-Control": f"public, max-age={KEPT_S}",
        "Link": f'<{LICENCE["path"]}>; rel="license", </open-data/{procedure}/datapackage.json>; rel="describedby"',
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Access-Control-Allow-Origin": "*",
    }
    if found["digest"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(found["body"], headers=headers, media_type=found["media_type"])
