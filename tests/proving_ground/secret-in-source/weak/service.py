"""Notices sent by a partner. Planted: the key of the partner stands in the source."""

from ground import SignedIn, hall

app = hall()
PARTNER = {"region": "eu-west-3", "key_id": "${PLANTED_KEY_ID}"}


@app.get("/notices")
async def notices(person: SignedIn) -> dict[str, str]:
    return {"to": person.email, "by": PARTNER["region"], "signed": str(bool(PARTNER["key_id"]))}
