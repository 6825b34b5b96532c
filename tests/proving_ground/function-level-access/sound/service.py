"""The list for agents of all dossiers. Sound twin: agents only."""

from ground import DOSSIERS, Agent, Dossier, hall

app = hall()


@app.get("/agent/dossiers")
async def all_dossiers(agent: Agent) -> list[Dossier]:
    return list(DOSSIERS.values())
