"""What the slow services and their mended twins share: a database, a registry to call, and the tracing they adopt.

A service is ``<defect>/<twin>.py``: it makes ``app`` with :func:`service`. The registry it calls is served by the
service itself, so that a call is a real one over the network and both sides are traced.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI, Response
from psycopg_pool import AsyncConnectionPool

from observability import tracing


def service(setup: str | None = None, *, connections: int = 8) -> FastAPI:
    """A traced application with a client of the registry in ``app.state.registry``.

    With ``setup`` it has a pool in ``app.state.pool`` too, and the tables that ``setup`` makes.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        tracing.start("slow-service", 1.0)
        url = os.environ["BENCH_URL"]
        async with AsyncExitStack() as stack:
            registry = httpx.AsyncClient(base_url=url, timeout=30, trust_env=False, verify=False)
            app.state.registry, app.state.url = await stack.enter_async_context(registry), url
            if setup is not None:
                app.state.pool = await stack.enter_async_context(_pool(connections))
                await _prepare(app.state.pool, setup)
            yield
        tracing.stop()

    app = FastAPI(telemetry=tracing.TELEMETRY, lifespan=lifespan)
    app.add_api_route("/livez", _alive)
    app.add_api_route("/registry/{firm}", _registered)
    app.add_api_route("/registry-down", _down)
    return app


def _pool(connections: int) -> AsyncConnectionPool:
    # It lets wait rather than refuse: what is wrong has to show as time, not as errors.
    return AsyncConnectionPool(
        os.environ["BENCH_DATABASE"], min_size=connections, max_size=connections, open=False, timeout=30
    )


async def _prepare(pool: AsyncConnectionPool, setup: str) -> None:
    await pool.wait()
    async with pool.connection() as connection:
        for statement in filter(str.strip, setup.split(";")):
            await connection.execute(statement)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


def serve(path: Path, port: int, environment: dict[str, str]) -> None:
    """Serve the twin at ``path`` on 127.0.0.1 until SIGTERM."""
    os.environ.update(environment)
    sys.path.insert(0, str(Path(__file__).parent))
    spec = importlib.util.spec_from_file_location("slow_service", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    uvicorn.run(module.app, host="127.0.0.1", port=port, log_level="warning")


async def _alive(pause: float = 0.0) -> dict[str, str]:
    await asyncio.sleep(pause)  # with a pause it stands for an old system: health routes are not traced
    return {"status": "ok"}


async def _registered(firm: int, pause: float = 0.02) -> dict[str, Any]:
    await asyncio.sleep(pause)
    return {"firm": firm}


async def _down() -> Response:
    await asyncio.sleep(0.01)
    return Response(status_code=503)
