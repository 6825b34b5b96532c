"""A registry that refuses is asked again at once, five times."""

from bench import service

app = service()


@app.get("/dossiers")
async def dossiers() -> dict[str, str]:
    for _ in range(5):
        if (await app.state.registry.get("/registry-down")).is_success:
            return {"registry": "asked"}
    return {"registry": "to be asked later"}
