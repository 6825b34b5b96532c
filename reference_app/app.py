"""The service: its parts, its routes, and what surrounds them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from urllib.parse import urlsplit

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from observability import telemetry
from reference_app import health, home, problems, sessions
from reference_app.appointments import agent_api as appointments_agent_api
from reference_app.appointments import agent_pages as appointments_agent_pages
from reference_app.appointments import api as appointments_api
from reference_app.appointments import pages as appointments_pages
from reference_app.campaigns import agent_api as campaigns_agent_api
from reference_app.campaigns import agent_pages as campaigns_agent_pages
from reference_app.campaigns import limits as campaigns_limits
from reference_app.campaigns import list_pages as campaigns_list_pages
from reference_app.campaigns import pages as campaigns_pages
from reference_app.deliveries import api as deliveries_api
from reference_app.deliveries import pages as deliveries_pages
from reference_app.dossiers import api as dossiers_api
from reference_app.dossiers import following, following_pages, receipt_routes
from reference_app.dossiers import pages as dossiers_pages
from reference_app.instruction import (
    advice_api,
    advice_pages,
    exchange,
    exchange_pages,
    export_pages,
    lot_pages,
    member_pages,
    search_pages,
    synthesis_pages,
)
from reference_app.instruction import api as instruction_api
from reference_app.instruction import limits as instruction_limits
from reference_app.instruction import pages as instruction_pages
from reference_app.limits import RateLimit
from reference_app.mandates import api as mandates_api
from reference_app.mandates import claim_pages
from reference_app.mandates import pages as mandates_pages
from reference_app.notifications import pages as notifications_pages
from reference_app.open_data import routes as open_data_routes
from reference_app.partners import access as partners_access
from reference_app.partners import api as partners_api
from reference_app.parts import make_parts, utc_now
from reference_app.pieces import api as pieces_api
from reference_app.pieces import limits as pieces_limits
from reference_app.pieces import pages as pieces_pages
from reference_app.protection import Allowance, BodyLimit, Deadline, SameOrigin, SecurityHeaders
from reference_app.rendering import STATIC
from reference_app.rights import answers as rights_answers
from reference_app.rights import api as rights_api
from reference_app.rights import counter_api as rights_counter_api
from reference_app.rights import counter_pages as rights_counter_pages
from reference_app.rights import pages as rights_pages
from reference_app.settings import Settings
from reference_app.shedding import Shedding
from reference_app.sign_in import routes as sign_in_routes
from reference_app.sources import api as sources_api
from reference_app.waiting_room import agent_pages as waiting_agent_pages
from reference_app.waiting_room import pages as waiting_pages

DESCRIPTION = """
Emergency aid for businesses: start a draft, file it, follow it; agents take filed dossiers and decide.
Appointments: choose a place and a slot, book, move, cancel; agents open slots and say who came.

* **Session**: sign in on the pages (`/sign-in`); the API takes the same cookie.
* **Errors** are problem documents (RFC 9457), in French or English by `Accept-Language`.
* **Limits** of one person and of one address are answered 429, with `Retry-After`.
* **Retries**: send `Idempotency-Key` where it is asked for; the same key and body get the first answer again.
* **Once only**: a source fills in what it knows of a draft; `known` then says what it said, and when.
* **Versions**: with the `ETag` of a dossier in `If-Match`, nothing that was changed since is replaced (412).
* **Pieces** are files, sent one at a time as they are; their kind is told from their content.
* **States** carry the names used by demarches-simplifiees: `brouillon`, `en_construction`, `en_instruction`,
  `accepte`, `refuse`, `sans_suite`.
"""

_ROUTERS = (
    # Looked through in this order by every request, at some microseconds each: what a rush asks for, then the journeys.
    appointments_api.free,
    appointments_api.mine,
    instruction_api.router,
    sign_in_routes.router,
    instruction_pages.router,
    dossiers_api.router,
    dossiers_api.drafts,
    home.router,
    claim_pages.router,  # before the dossiers: "claim" is the number of none
    dossiers_pages.router,
    appointments_pages.router,
    # Asked less often.
    mandates_api.mine,
    following.router,
    pieces_api.mine,
    pieces_api.agents,
    sources_api.router,
    deliveries_api.router,
    exchange.router,
    search_pages.api,
    advice_api.router,
    lot_pages.api,
    export_pages.api,
    synthesis_pages.api,
    mandates_api.router,
    appointments_agent_api.router,
    campaigns_agent_api.router,
    partners_api.router,
    following_pages.router,
    pieces_pages.mine,
    pieces_pages.counter,
    pieces_pages.agents,
    exchange_pages.router,
    deliveries_pages.router,
    search_pages.router,
    advice_pages.router,
    advice_pages.outside,
    lot_pages.router,
    member_pages.router,
    export_pages.router,
    synthesis_pages.router,
    mandates_pages.router,
    appointments_agent_pages.router,
    waiting_pages.router,
    waiting_agent_pages.router,
    notifications_pages.router,
    campaigns_agent_pages.router,
    campaigns_list_pages.router,
    campaigns_pages.router,
    receipt_routes.router,
    open_data_routes.router,
    rights_api.router,
    rights_counter_api.router,
    rights_counter_pages.router,
    rights_pages.router,
    health.router,
)


def _allowance(scope: Scope) -> Allowance | None:
    rooms = (pieces_limits, campaigns_limits, rights_answers, instruction_limits)
    found = (room.allowance(scope) for room in rooms)
    return next((allowance for allowance in found if allowance is not None), None)


def create_app(settings: Settings, clock: Callable[[], datetime] = utc_now) -> FastAPI:
    """The whole service for one process. It starts without its database too, and is then alive but not ready."""
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)
    parts = make_parts(settings, clock)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        telemetry.start(
            "reference-app",
            settings.trace_sample_ratio,
            pools={"main": parts.pool},
            written=settings.requests_logged,
            trusts_request_start=settings.trusts_request_start,
        )
        _make_ready(app)
        await parts.pool.open(wait=False)
        following = [asyncio.create_task(parts.ended.follow())]
        if settings.waiting_room:
            following.append(asyncio.create_task(parts.door.follow()))
        try:
            yield
        finally:
            for task in following:
                task.cancel()
            await asyncio.wait(following)
            await parts.pool.close(timeout=2.0)
            await parts.outgoing.end()
            telemetry.stop()

    issuers = (urlsplit(str(settings.citizen_issuer)), urlsplit(str(settings.agent_issuer)))
    app = FastAPI(
        title="Emergency aid for businesses",
        summary="Reference e-procedure of Portance",
        description=DESCRIPTION,
        version="1",
        lifespan=lifespan,
        telemetry=telemetry.TELEMETRY,
        docs_url=None,  # loads scripts from elsewhere, which the security policy refuses
        redoc_url=None,
        middleware=[
            Middleware(telemetry.Observed),
            Middleware(
                SecurityHeaders, https=settings.https, identity_origins={f"{i.scheme}://{i.netloc}" for i in issuers}
            ),
            Middleware(Deadline, seconds=settings.request_timeout_s, allowances=_allowance, refuse=problems.late),
            Middleware(
                Shedding,
                places=settings.places,
                apart=lambda scope: _allowance(scope) is not None,
                refuse=problems.busy,
            ),
            Middleware(SameOrigin, origin=settings.origin),
            Middleware(
                BodyLimit,
                max_bytes=settings.max_body_bytes,
                max_form_bytes=settings.max_form_bytes,
                allowances=_allowance,
            ),
            Middleware(
                SessionMiddleware,
                secret_key=settings.session_secret.get_secret_value(),
                session_cookie=sessions.COOKIE,
                max_age=settings.session_minutes * 60,
                same_site="lax",
                https_only=settings.https,
            ),
            Middleware(RateLimit, settings=settings),
        ],
    )
    app.state.parts = parts
    problems.install(app)
    if parts.theme is not None:
        app.mount(parts.theme.path, StaticFiles(directory=parts.theme.folder))
    app.mount("/static", StaticFiles(directory=STATIC))
    for router in _ROUTERS:
        app.include_router(router)
    _document(app)
    return app


def _make_ready(app: FastAPI) -> None:
    """Have every route made ready now: FastAPI does it at the first request that passes it, in that request's time."""
    nowhere = {"type": "http", "method": "GET", "path": "/-", "root_path": "", "query_string": b"", "headers": []}
    for route in app.router.routes:
        route.matches(dict(nowhere))


def _document(app: FastAPI) -> None:
    """Have OpenAPI describe what the service really answers: its problem documents and its session cookie."""

    def openapi() -> dict[str, object]:
        if app.openapi_schema is None:
            schema = get_openapi(
                title=app.title,
                version=app.version,
                summary=app.summary,
                description=app.description,
                routes=app.routes,
            )
            parts = schema["components"]
            problem = problems.Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            parts["schemas"].update(problem.pop("$defs"))
            parts["schemas"]["Problem"] = problem
            for unused in ("HTTPValidationError", "ValidationError"):
                parts["schemas"].pop(unused, None)
            parts["securitySchemes"] = {
                "session": {"type": "apiKey", "in": "cookie", "name": sessions.COOKIE},
                "partner": partners_access.SCHEME,
            }
            schema["security"] = [{"session": []}]
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # the way FastAPI documents
