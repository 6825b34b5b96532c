"""``python leaking_server.py BYTES``: answers every request and keeps so many bytes for each; prints its port."""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEPT: list[bytearray] = []
EACH = int(sys.argv[1])


class Handler(BaseHTTPRequestHandler):
    """Keeps what it promises to keep, touched, so that the memory is really used."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if EACH:
            KEPT.append(bytearray(b"x" * EACH))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
sys.stdout.write(f"{server.server_port}\n")
sys.stdout.flush()
server.serve_forever()
