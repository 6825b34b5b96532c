"""A server on a free port for a stand-in that reads bodies."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Given = tuple[int, dict[str, str], Any]
"""Status, headers and body: a str is a page, anything else JSON."""


def taking_bodies(answer: Callable[[str, str, dict[str, str], bytes], Given]) -> ThreadingHTTPServer:
    """Serve ``answer`` (of method, target, headers in small letters, body) on 127.0.0.1."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet
        disable_nagle_algorithm = True

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            asked = {k.lower(): v for k, v in self.headers.items()}
            status, headers, given = answer(self.command, self.path, asked, body)
            content = (given if isinstance(given, str) else json.dumps(given)).encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/html" if isinstance(given, str) else "application/json")
            self.send_header("Content-Length", str(len(content)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = do_OPTIONS = handle_any  # noqa: N815 (names given by http.server)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return server


def stopped(servers: Iterable[ThreadingHTTPServer]) -> None:
    """Stop ``servers`` and close their sockets."""
    for server in servers:
        server.shutdown()
        server.server_close()
