"""Filing of a dossier. Sound twin: the metrics count filings by route."""

from collections import Counter

from fastapi.responses import PlainTextResponse
from ground import Citizen, Dossier, Filing, file_dossier, hall

app = hall()
filed: Counter[str] = Counter()


@app.post("/dossiers", status_code=201)
async def file(filing: Filing, person: Citizen) -> Dossier:
    filed["POST /dossiers"] += 1
    return await file_dossier(filing, person)


@app.get("/metrics", include_in_schema=False)
async def metrics() -> PlainTextResponse:
    lines = "".join(f'filings_total{{route="{route}"}} {count}\n' for route, count in filed.items())
    return PlainTextResponse(f"# TYPE filings_total counter\n{lines}")
