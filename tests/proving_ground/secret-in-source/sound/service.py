"""Notices sent by a partner. Sound twin: the key comes from the environment."""

import os

from ground import SignedIn, hall

app = hall()
PARTNER = {"region": "eu-west-3", "key_id": os.environ.get("PARTNER_KEY_ID", "")}


@app.get("/notices")
async def notices(person: SignedIn) -> dict[str, str]:
    return {"to": person.email, "by": PARTNER["region"], "signed": str(bool(PARTNER["key_id"]))}
