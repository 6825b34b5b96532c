"""A letter to the town hall. Planted: a text of any size is taken in."""

from ground import SignedIn, hall
from pydantic import BaseModel

app = hall(unlimited=("/letters",))
letters: dict[str, str] = {}


class Letter(BaseModel):
    subject: str
    text: str


@app.post("/letters", status_code=201)
async def write(letter: Letter, person: SignedIn) -> dict[str, int]:
    letters[person.email] = letter.text
    return {"characters": len(letter.text)}
