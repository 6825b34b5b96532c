"""A registry that refuses is asked later."""

from bench import service

app = service()


@app.get("/dossiers")
async def dossiers() -> dict[str, str]:
    asked = (await app.state.registry.get("/registry-down")).is_success
    return {"registry": "asked" if asked else "to be asked later"}
