"""Serve the reference service until the user stops it."""

from __future__ import annotations

import socket
import tempfile
import time
from collections.abc import Callable
from importlib import resources
from pathlib import Path

from scorecard.cli.errors import CommandError
from scorecard.cli.service import free_port, running
from scorecard.evidence import Text
from scorecard.interruption import Interrupted
from scorecard.project import FILE_NAME, load

USUAL_PORT = 8000


def serve(port: int | None, workers: int, ready: Callable[[str], None]) -> None:
    """Start the service, call ``ready`` with its address, wait for Ctrl-C or its end, stop it.

    Args:
        port: the port asked for; when None the usual one, or a free one when it is taken.

    Raises:
        CommandError: the port asked for is taken, or the service fails.
    """
    if port is not None and not _is_free(port):
        raise CommandError(
            Text(en=f"port {port} is taken by another program", fr=f"le port {port} est pris par un autre programme")
        )
    chosen = port if port is not None else USUAL_PORT if _is_free(USUAL_PORT) else free_port()
    with (
        resources.as_file(resources.files("reference_app") / FILE_NAME) as path,
        tempfile.TemporaryDirectory(prefix="portance-reference-") as folder,
    ):
        project = load(path)
        asked = project.model_copy(update={"target": project.target.model_copy(update={"workers": workers})})
        with running(asked, path.parent, Path(folder) / "service.log", extra_env={}, port=chosen) as service:
            ready(service.url)
            try:
                while (died := service.died()) is None:
                    time.sleep(0.5)
            except Interrupted:
                return
            raise CommandError(died)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
