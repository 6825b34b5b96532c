"""A listener on this machine that a service must never call: whoever does was made to by what was sent to it."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

_SHOWN = "portance-callback-"


class Callback:
    """Listens on a free port of 127.0.0.1 inside a ``with`` block, and remembers which addresses were asked for."""

    def __enter__(self) -> Self:
        asked: set[str] = set()

        class Handler(BaseHTTPRequestHandler):
            server_version, sys_version = "callback", ""
            timeout = 2.0

            def remember(self) -> None:
                token = self.path.strip("/").partition("?")[0][:64]
                asked.add(token)
                content = (_SHOWN + token).encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            do_GET = do_HEAD = do_POST = do_PUT = remember  # noqa: N815 (names given by http.server)

            def log_message(self, *_: object) -> None:
                pass

        self._asked = asked
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def address(self, token: str) -> str:
        """The address that ``token`` makes one's own."""
        return f"{self.url}/{token}"

    def was_called(self, token: str) -> bool:
        """Whether somebody asked for the address of ``token``."""
        return token in self._asked
