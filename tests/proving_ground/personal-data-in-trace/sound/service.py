"""Filing of a dossier, traced. Sound twin: the trace holds what the tracing allows."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from ground import Citizen, Dossier, Filing, file_dossier, hall

from observability import tracing


@asynccontextmanager
async def traced(_: FastAPI) -> AsyncIterator[None]:
    tracing.start("town-hall", sample_ratio=1.0)
    yield
    tracing.stop()


app = hall(lifespan=traced, telemetry=tracing.TELEMETRY)


@app.post("/dossiers", status_code=201)
async def file(filing: Filing, person: Citizen) -> Dossier:
    return await file_dossier(filing, person)
