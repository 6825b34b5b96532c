"""Serve one of the services here: ``python ../serve.py weak 8000`` from the folder of a defect."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import ground
import uvicorn


def main(twin: str, port: int) -> None:
    """Serve ``<twin>/service.py`` of the current folder on 127.0.0.1 until SIGTERM."""
    sys.path.insert(0, str(Path(twin).resolve()))
    app = importlib.import_module("service").app
    app.include_router(ground.routes)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", server_header=False)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
