"""A small real HTTP service that the tests of the command line fill in."""

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest


@dataclass
class Service:
    """Each path answers status, headers and body; ``late`` after some seconds, ``dripping`` byte by byte."""

    answers: dict[str, tuple[int, dict[str, str], bytes]]
    late: dict[str, float] = field(default_factory=dict)
    dripping: dict[str, float] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    url: str = ""

    def describe(self, paths: dict[str, Any], **more: Any) -> None:
        document = {"openapi": "3.0.3", "info": {"title": "Aide d'urgence"}, "paths": paths, **more}
        self.answers["/openapi.json"] = (200, {"content-type": "application/json"}, json.dumps(document).encode())


@pytest.fixture
def service() -> Iterator[Service]:
    """A service that answers 404 to everything until ``answers`` is filled."""
    made = Service({})

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            made.seen.append(f"{self.command} {self.path}")
            status, headers, body = made.answers.get(self.path, (404, {}, b""))
            time.sleep(made.late.get(self.path, 0))
            self.send_response(status)
            for name, value in {"content-length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            with contextlib.suppress(ConnectionError):  # the client may have had enough
                for start in range(len(body)) if self.path in made.dripping else ():
                    self.wfile.write(body[start : start + 1])
                    time.sleep(made.dripping[self.path])
                if self.path not in made.dripping:
                    self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = answer  # noqa: N815 (names of http.server)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    made.url = f"http://127.0.0.1:{server.server_port}"
    yield made
    server.shutdown()
    thread.join()
    server.server_close()
