"""The application: routes, sessions, limits and headers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from fastapi import FastAPI
from psycopg_pool import ConnectionPool
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scorecard.evidence import Text
from scorecard.publication import api, identity, pages, problems
from scorecard.publication.access import Parts
from scorecard.publication.errors import Refusal
from scorecard.publication.settings import Settings
from scorecard.publication.submission import Judge

STATEMENT_TIMEOUT_MS = 10_000
POOL_WAIT_S = 5.0
SECURITY_HEADERS = (
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; base-uri 'none'; "
        b"frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)


def create_app(settings: Settings, judge: Judge) -> FastAPI:
    """The service; ``judge`` judges a run folder again."""
    pool: ConnectionPool[Any] = ConnectionPool(
        settings.database_url,
        kwargs={
            "autocommit": True,
            "connect_timeout": 5,
            "application_name": "portance-publication",
            "options": f"-c statement_timeout={STATEMENT_TIMEOUT_MS}",
        },
        min_size=1,
        max_size=settings.pool_size,
        timeout=POOL_WAIT_S,
        open=False,
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        pool.open()
        yield
        pool.close()

    app = FastAPI(
        title="Portance publication",
        description="Scorecards of an organisation: history, roles, portfolio.",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.parts = Parts(settings, pool, identity.make_client(settings), judge)
    app.include_router(api.router)
    app.include_router(pages.router)
    problems.install(app)

    @app.get("/livez", include_in_schema=False)
    def alive() -> Response:
        return PlainTextResponse("alive")

    @app.get("/readyz", include_in_schema=False)
    def ready() -> Response:
        try:
            with pool.connection(timeout=1.0) as connection:
                connection.execute("SELECT 1")
        except psycopg.Error:
            return PlainTextResponse("no database", 503)
        return PlainTextResponse("ready")

    app.add_middleware(
        SessionMiddleware,
        secret_key=settings.session_secret.get_secret_value(),
        session_cookie="__Host-portance" if settings.https else "portance",
        max_age=settings.session_minutes * 60,
        same_site="lax",
        https_only=settings.https,
    )
    app.add_middleware(_Guard, most=settings.max_body_bytes, https=settings.https)
    return app


class _Guard:
    """Refuses bodies above a size as they come in, and puts the security headers on every answer."""

    def __init__(self, app: ASGIApp, *, most: int, https: bool) -> None:
        self.app = app
        self.most = most
        hsts = ((b"strict-transport-security", b"max-age=31536000; includeSubDomains"),) if https else ()
        self.headers = (*SECURITY_HEADERS, *hsts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        taken = 0

        async def limited() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self.most:
                mib = self.most // 1024 // 1024
                raise Refusal(413, Text(en=f"At most {mib} MiB are taken.", fr=f"Au plus {mib} Mio sont acceptés."))
            return message

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(h for h in self.headers if h[0] not in present)]
            await send(message)

        await self.app(scope, limited, sealed)
