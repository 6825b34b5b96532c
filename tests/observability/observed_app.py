"""A service that adopts ``observability.telemetry``: routes that answer, fail, wait for a pool, tell of an event."""

import logging
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import APIRouter, FastAPI
from psycopg_pool import AsyncConnectionPool
from starlette.middleware import Middleware

from observability import telemetry

DATABASE = os.environ.get("DATABASE_URL")


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        pools = {}
        if DATABASE is not None:
            app.state.pool = pools["main"] = AsyncConnectionPool(DATABASE, min_size=1, max_size=1, open=False)
        telemetry.start(
            "observed-app", float(os.environ.get("SAMPLE_RATIO", "1.0")), pools=pools,
            written=os.environ.get("WRITTEN", "all"), trusts_request_start=True,  # type: ignore[arg-type]
        )  # fmt: skip
        for pool in pools.values():
            await stack.enter_async_context(pool)
        yield
    telemetry.stop()


app = FastAPI(telemetry=telemetry.TELEMETRY, middleware=[Middleware(telemetry.Observed)], lifespan=lifespan)
inner = APIRouter(prefix="/inner")


@app.get("/livez")
async def livez() -> dict[str, str]:
    return {"status": "ok"}


@app.get("/people/{who}")
async def person(who: str) -> dict[str, str]:
    if who.startswith("fail"):
        raise LookupError(f"nobody is called {who}")
    logging.getLogger("app").warning("asked for %s", who)
    return {"who": who}


@inner.post("/dossiers/{dossier}/file")
async def file(dossier: int) -> dict[str, str]:
    receipt = f"AUE-2026-{dossier:08d}"
    telemetry.event("dossier.filed", receipt=receipt, contact="jean@example.fr")
    return {"receipt": receipt, "pid": str(os.getpid())}


@inner.get("/rows")
async def rows() -> int:
    async with app.state.pool.connection() as connection:
        await connection.execute("select pg_sleep(0.4)")
    return 1


app.include_router(inner, prefix="/api")
