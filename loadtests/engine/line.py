"""One kept-alive connection to one server, on geventhttpclient's sockets and parser."""

from __future__ import annotations

import re
import ssl
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import gevent
from geventhttpclient.client import IDEMPOTENT_METHODS, HTTPClient
from geventhttpclient.connectionpool import ConnectionPool
from geventhttpclient.response import HTTPConnectionClosed, HTTPSocketPoolResponse

from loadtests.engine.orders import TIMEOUT_S

_BLOCK = 1 << 14
_USUAL = {**HTTPClient.DEFAULT_HEADERS.compatible_dict(), "Accept-Encoding": "gzip, deflate, br"}
CANONICAL = {name.lower(): name for name in ("Host", *_USUAL, "Content-Type", "Accept")}
"""Spelling of the headers that are sent unless a step has its own, by their lower case."""
_ADDRESS = re.compile(r"[\d.]+|.*:.*")


class Origin(NamedTuple):
    """What tells one server from another (RFC 6454)."""

    scheme: str
    host: str
    port: int | None

    @classmethod
    def of(cls, url: str) -> Origin:
        """The origin of a URL; the scheme's port is told even where the URL does not."""
        parts = urlsplit(url)
        port = parts.port if parts.port is not None else {"http": 80, "https": 443}.get(parts.scheme)
        return cls(parts.scheme, parts.hostname or "", port)

    @property
    def netloc(self) -> str:
        """As the ``Host`` header has it: the scheme's own port is left out (RFC 9110, 7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = {"http": 80, "https": 443}.get(self.scheme)
        return host if self.port in (None, usual) else f"{host}:{self.port}"


class Line(ConnectionPool):
    """A connection to ``origin`` that is kept while both sides want it: a pool of one, without its queue.

    geventhttpclient repeats an idempotent request up to twice however it failed, and so hides a server that breaks
    connections. Here a request is sent again once, and only when it went out on a kept connection that the server
    was closing at that moment (RFC 9112, 9.3.1): ``again`` counts those.
    """

    def __init__(self, origin: Origin) -> None:
        port = origin.port if origin.port is not None else 80
        super().__init__(
            origin.host,
            port,
            origin.host,
            port,
            size=1,
            connection_timeout=TIMEOUT_S,
            network_timeout=TIMEOUT_S,
        )
        self._tls = _tls() if origin.scheme == "https" else None
        self._kept: gevent.socket.socket | None = None
        self.defaults = {"Host": origin.netloc, **_USUAL}
        self.again = 0

    def exchange(self, method: str, uri: str, headers: dict[str, str], body: bytes) -> HTTPSocketPoolResponse:
        """Send a request and return its answer as soon as its headers are there.

        Raises:
            OSError, HTTPParseError: no answer came.
            ValueError: a header would break the request.
        """
        fields = {**self.defaults, **headers}
        lines = "".join([f"{name}: {value}\r\n" for name, value in fields.items()])
        if lines.count("\n") != len(fields) or lines.count("\r") != len(fields):
            raise ValueError("a header holds a line break")
        request = f"{method} {uri} HTTP/1.1\r\n{lines}\r\n".encode("latin-1") + body
        sock, kept = self._kept, self._kept is not None and self._is_socket_alive(self._kept)
        self._kept = None
        if not kept and sock is not None:
            sock.close()
        try:
            return self._ask(sock if kept and sock is not None else self._create_socket(), method, request)
        except (HTTPConnectionClosed, ConnectionResetError, BrokenPipeError):
            if not kept or method not in IDEMPOTENT_METHODS:
                raise
        self.again += 1
        return self._ask(self._create_socket(), method, request)

    def _ask(self, sock: gevent.socket.socket, method: str, request: bytes) -> HTTPSocketPoolResponse:
        try:
            sock.sendall(request)
        except (ConnectionResetError, BrokenPipeError) as broken:
            # a server may refuse a long body before it has all of it: its answer is worth more than the breach
            try:
                return HTTPSocketPoolResponse(sock, self, block_size=_BLOCK, method=method)
            except Exception:  # whatever came is no answer: the breach is what happened
                raise broken from None
        except BaseException:
            sock.close()
            raise
        return HTTPSocketPoolResponse(sock, self, block_size=_BLOCK, method=method)

    def _connect_socket(self, sock: gevent.socket.socket, address: Any) -> gevent.socket.socket:
        sock = super()._connect_socket(sock, address)
        return sock if self._tls is None else self._tls.wrap_socket(sock, server_hostname=self._request_host)

    def _resolve(self) -> list[Any]:
        # an address needs no looking up; a name is looked up for every session, as browsers of different people do
        if _ADDRESS.fullmatch(self._connection_host):
            return _resolved(self._connection_host, self._connection_port)
        found: list[Any] = super()._resolve()
        return found

    def return_socket(self, sock: gevent.socket.socket) -> None:
        """Keep the connection, once an answer is complete."""
        self._kept = sock

    def release_socket(self, sock: gevent.socket.socket) -> None:
        """Let go of a connection that is of no more use."""
        sock.close()

    def close(self) -> None:
        """Hang up."""
        if self._kept is not None:
            self._kept.close()
            self._kept = None


@cache
def _tls() -> ssl.SSLContext:
    """The context of every session: certificates are checked, and the authorities are read once."""
    context: ssl.SSLContext = gevent.ssl.create_default_context()
    return context


@cache
def _resolved(host: str, port: int) -> list[Any]:
    found: list[Any] = gevent.socket.getaddrinfo(host, port, 0, gevent.socket.SOCK_STREAM, gevent.socket.SOL_TCP)
    return found
