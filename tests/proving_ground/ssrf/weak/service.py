"""Supporting documents kept elsewhere. Planted: the service fetches whatever address it is given."""

from urllib.parse import urlsplit

import httpx
from fastapi import HTTPException
from ground import SignedIn, hall
from pydantic import BaseModel

app = hall()
KEPT_AT = frozenset({"documents.example.org"})


class Link(BaseModel):
    url: str


@app.post("/documents/fetch")
async def fetch(link: Link, person: SignedIn) -> dict[str, object]:
    if urlsplit(link.url).scheme not in ("http", "https"):
        raise HTTPException(422)
    try:
        async with httpx.AsyncClient(timeout=2, trust_env=False) as client:
            answer = await client.get(link.url)
    except httpx.HTTPError:
        return {"fetched": False}
    return {"fetched": answer.is_success, "bytes": len(answer.content)}
