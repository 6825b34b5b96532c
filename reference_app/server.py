"""One server process: uvicorn on a socket that is listening already, with a graceful stop."""

from __future__ import annotations

import os
import signal
import socket
from typing import Any

import uvicorn

GRACE_S = 6
"""Seconds that requests in flight get after SIGTERM; a supervisor waits a little longer."""


class _Announcing(uvicorn.Server):
    """A server that writes one byte to ``ready_fd`` once it takes requests."""

    def __init__(self, config: uvicorn.Config, ready_fd: int | None) -> None:
        super().__init__(config)
        self._ready_fd = ready_fd

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._ready_fd is not None and self.started:
            os.write(self._ready_fd, b".")
            os.close(self._ready_fd)


def configuration(app: Any) -> uvicorn.Config:
    """How ``app`` is served."""
    return uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,  # our own log has the requests worth following, without paths
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_S,
        timeout_keep_alive=15,
        ws="none",
    )


def run(app: Any, taken: socket.socket, ready_fd: int | None = None) -> int:
    """Serve ``app`` until SIGTERM or SIGINT, answer what is in flight, then return the exit code."""
    server = _Announcing(configuration(app), ready_fd)
    # uvicorn raises the signal again once it has stopped; the work is done by then, and the exit code is ours.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: setattr(server, "should_exit", True))
    server.run(sockets=[taken])
    return 0 if server.started else 1
