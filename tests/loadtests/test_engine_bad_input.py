"""Servers, networks and clocks that misbehave: named as such, and never a better number."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from loadtests.engine.orders import Limits, Order
from loadtests.generator import Means, generator
from loadtests.histogram import quantiles
from scorecard.project_journeys import Journey

_PEOPLE = {"citizen": 1000, "agent": 10}
_NO_LIMITS = Limits(sessions=10**6, errors=10**9, slow=10**9, slow_s=5.0)
_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class RawServer:
    """Answers each request on a connection by what ``answer`` makes of (request line, its number there, in all).

    None closes the connection without a word; what is not whole HTTP is followed by closing it.
    """

    def __init__(self, answer: Callable[[str, int, int], bytes | None], tls: ssl.SSLContext | None = None) -> None:
        self._answer = answer
        self._tls = tls
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=512)
        self._closing = False
        self.requests: list[str] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http{'s' if self._tls else ''}://127.0.0.1:{self._socket.getsockname()[1]}"

    def close(self) -> None:
        self._closing = True
        self._socket.close()

    def _accept(self) -> None:
        while not self._closing:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=[connection], daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        try:
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            here = 0
            while head := self._head(connection):
                here += 1
                self.requests.append(head)
                said = self._answer(head, here, len(self.requests))
                if said is None:
                    break
                connection.sendall(said)
                if not said.endswith(b"{}"):
                    break
        except OSError:
            pass
        finally:
            connection.close()

    @staticmethod
    def _head(connection: socket.socket) -> str:
        data = b""
        while b"\r\n\r\n" not in data:
            more = connection.recv(4096)
            if not more:
                return ""
            data += more
        return data.split(b"\r\n", 1)[0].decode()


@pytest.fixture
def raw() -> Iterator[Callable[..., RawServer]]:
    servers: list[RawServer] = []

    def start(*given: Any, **named: Any) -> RawServer:
        servers.append(RawServer(*given, **named))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def walked(url: str, folder: Path, *journeys: list[dict[str, Any]]) -> list[list[tuple[int, str | None]]]:
    """Status and error of every step of each journey, walked by a lone visitor."""
    every = [Journey.model_validate({"name": f"j{n}", "steps": steps}) for n, steps in enumerate(journeys)]
    with generator(url, every, _PEOPLE, folder, seed=1) as running:
        return [[(step["status"], step["error"]) for step in running.smoke(journey, 1.0)["steps"]] for journey in every]


def test_a_kept_connection_that_the_server_was_closing_is_asked_again_once_and_only_where_that_is_safe(
    raw: Any, tmp_path: Path
) -> None:
    # the first request of a connection is answered, the second meets a server that has just hung up
    server = raw(lambda head, here, total: _OK if here == 1 else None)
    twice = [{"get": "/a"}, {"get": "/b"}]
    posted = [{"get": "/a"}, {"post": "/b", "json": {}}]
    assert walked(server.url, tmp_path, twice, posted) == [
        [(200, None), (200, None)],
        [(200, None), (0, "connection closed")],
    ]
    assert [request.split()[1] for request in server.requests] == ["/a", "/b", "/b", "/a", "/b"]


def test_a_server_that_breaks_new_connections_is_not_asked_again_until_it_works(raw: Any, tmp_path: Path) -> None:
    server = raw(lambda head, here, total: None if total % 2 else _OK)
    assert walked(server.url, tmp_path, [{"get": "/a"}]) == [[(0, "connection closed")]]


def answers(head: str, here: int, total: int) -> bytes | None:
    match head.split()[1]:
        case "/short":
            return b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nnot all of it"
        case "/garbage":
            return b"SSH-2.0-OpenSSH_9.2\r\n"
        case "/packed":
            body = b"this is not gzip{}"
            head_ = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
            return head_ + body
        case "/circle":
            return b"HTTP/1.1 302 Found\r\nLocation: /circle\r\nContent-Length: 2\r\n\r\n{}"
        case "/mail":
            return b"HTTP/1.1 302 Found\r\nLocation: mailto:a@example.org\r\nContent-Length: 2\r\n\r\n{}"
        case "/private" | "/asserted":
            return b"HTTP/1.1 302 Found\r\nLocation: /fr/sign-in?next=/private\r\nContent-Length: 2\r\n\r\n{}"
        case "/design":
            return b"HTTP/1.1 302 Found\r\nLocation: /signing-a-design\r\nContent-Length: 2\r\n\r\n{}"
        case _:
            return _OK


_NAMES = {
    "/short": "not HTTP",
    "/garbage": "not HTTP",
    "/packed": "cannot be unpacked",
    "/circle": "too many redirects",
    "/mail": "redirected to no web address",
    "/private": "redirected to /fr/sign-in",
    "/fr/sign-in": None,  # asked for by its own name, the page to sign in is what was meant
    "/design": None,
}


def test_what_a_server_does_wrong_has_a_name_and_a_redirect_that_the_step_answers_for_is_not_wrong(
    raw: Any, tmp_path: Path
) -> None:
    journeys = [[{"get": path}] for path in _NAMES] + [[{"get": "/asserted", "contains": "{}"}]]
    seen = walked(raw(answers).url, tmp_path, *journeys)
    assert dict(zip(_NAMES, [one[-1][1] for one in seen[:-1]], strict=True)) == _NAMES
    assert seen[-1] == [(200, None)]


def test_the_answer_of_another_host_is_none_of_the_target(raw: Any, tmp_path: Path) -> None:
    other = raw(lambda head, here, total: _OK)
    away = b"HTTP/1.1 301 Moved\r\nLocation: %s/\r\nContent-Length: 2\r\n\r\n{}" % other.url.encode()
    server = raw(lambda head, here, total: away)
    netloc = other.url.removeprefix("http://")
    plain, vouched_for = [{"get": "/"}], [{"get": "/", "contains": "{}"}]
    assert walked(server.url, tmp_path, plain, vouched_for) == [[(200, f"redirected to {netloc}")], [(200, None)]]


@pytest.fixture(scope="module")
def self_signed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that no authority vouches for, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path


def test_a_certificate_that_fails_is_named_and_one_that_is_trusted_is_not(
    raw: Any, self_signed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed)
    server = raw(lambda head, here, total: _OK, context)
    twice = [{"get": "/"}, {"get": "/"}]
    assert walked(server.url, tmp_path, twice) == [[(0, "certificate")]]
    monkeypatch.setenv("SSL_CERT_FILE", str(self_signed))
    assert walked(server.url, tmp_path, twice) == [[(200, None), (200, None)]]


_JUMPING = """
import pathlib, time
_real, _calls = time.time, [0]
def _jumping():
    _calls[0] += 1
    return _real() + (7200.0 if _calls[0] % 2 else -7200.0)
time.time = _jumping
pathlib.Path({marker!r}).touch()
"""


def test_a_clock_that_jumps_by_hours_moves_no_figure(raw: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    marker = tmp_path / "jumped"
    (tmp_path / "usercustomize.py").write_text(_JUMPING.format(marker=str(marker)), encoding="utf-8")
    (tmp_path / "sitecustomize.py").write_text(_JUMPING.format(marker=str(marker)), encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    server = raw(lambda head, here, total: _OK)
    journey = Journey.model_validate({"name": "read", "steps": [{"get": "/"}]})
    for processes in (1, 2):
        with generator(server.url, [journey], _PEOPLE, tmp_path, 1, Means(processes=processes)) as running:
            order = Order({"read": 30.0}, 0.2, 2.0, 3.0, _NO_LIMITS, 1.0, 1.0)
            report = running.step(order, lambda: None)
        assert marker.exists()  # the generator did live by that clock
        (step,) = report["steps"]
        latency = quantiles([step["latency"]])
        assert latency is not None
        assert report["generator_errors"] == {}
        assert report["window_s"] == pytest.approx(2.0)
        assert step["requests"] == pytest.approx(60, abs=10)
        assert latency.longest < 600.0  # the clock jumps by two hours
        marker.unlink()
