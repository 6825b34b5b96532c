"""Filing of a dossier, traced. Planted: the trace holds what was typed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from ground import Citizen, Dossier, Filing, file_dossier, hall
from opentelemetry import trace

from observability import tracing


@asynccontextmanager
async def traced(_: FastAPI) -> AsyncIterator[None]:
    tracing.start("town-hall", sample_ratio=1.0, also_keep=("dossier.contact",))
    yield
    tracing.stop()


app = hall(lifespan=traced, telemetry=tracing.TELEMETRY)


@app.post("/dossiers", status_code=201)
async def file(filing: Filing, person: Citizen) -> Dossier:
    trace.get_current_span().set_attribute("dossier.contact", filing.email)
    return await file_dossier(filing, person)
