"""A service that asks an old system for every answer; four are answered at a time there, each in 50 ms: 80 a second."""

from __future__ import annotations

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from bench import service

_TURNS = threading.Semaphore(4)


class _OldSystem(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        with _TURNS:
            time.sleep(0.05)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the name of the library)
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


_server = _Server(("127.0.0.1", 0), _OldSystem)
threading.Thread(target=_server.serve_forever, daemon=True).start()
app = service()


@app.get("/dossiers")
async def dossiers() -> Any:
    """What the old system says."""
    return (await app.state.registry.get(f"http://127.0.0.1:{_server.server_port}/")).json()
