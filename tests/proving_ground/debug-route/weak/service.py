"""The service with a page its developers left. Planted: it shows the settings to everybody."""

import sys

from ground import hall

app = hall()


@app.get("/debug", include_in_schema=False)
async def debug() -> dict[str, object]:
    return {
        "settings": {"database_url": "sqlite://", "workers": 2},
        "sys.path": sys.path[:2],
        "modules": len(sys.modules),
    }
