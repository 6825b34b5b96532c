"""The way out: a real forward proxy sees what goes to others, and nothing that stays on this machine."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from reference_app import storage
from reference_app.deliveries.delivery import Problem
from reference_app.deliveries.finance import PutOff, finance
from reference_app.errors import Unavailable
from reference_app.outgoing import Outgoing
from reference_app.partners import destination, posting
from reference_app.partners.errors import PartnerError
from reference_app.proxies import Proxies, proxies_of
from reference_app.settings import PREFIX, STANDARD, Settings, SettingsError, load
from reference_app.sign_in.providers import make_providers

PUBLIC = "93.184.216.34"
LIMIT_S = 30


@dataclass
class Proxy:
    """A forward proxy: it notes what it is asked for, and leads all of it to one port of this machine."""

    to: int
    port: int = 0
    asked: list[str] = field(default_factory=list)
    refuses: bool = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
        self.asked.append(f"{method} {target}")
        if self.refuses:
            writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        else:
            there, on = await asyncio.open_connection("127.0.0.1", self.to)
            if method == "CONNECT":
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                on.write(head)
            await asyncio.gather(_pass(reader, on), _pass(there, writer))
        writer.close()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@contextmanager
def proxying(to: int) -> Iterator[Proxy]:
    proxy, loop = Proxy(to), asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(proxy.serve, "127.0.0.1", 0))
    proxy.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def end() -> None:
        server.close()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    try:
        yield proxy
    finally:
        asyncio.run_coroutine_threadsafe(end(), loop).result(LIMIT_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(LIMIT_S)
        loop.close()


class Elsewhere(BaseHTTPRequestHandler):
    """What is not here, whoever is asked."""

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", "0")))
        self.send_response(404)
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()

    do_POST = do_GET  # noqa: N815 (the name that the base class looks for)

    def log_message(self, *_: Any) -> None:
        return


@contextmanager
def elsewhere(certificate: Path | None = None) -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    server.daemon_threads = True
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join(LIMIT_S)
        server.server_close()


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with elsewhere() as port, proxying(port) as running:
        yield running


def test_all_that_is_asked_of_others_goes_through_it_and_nothing_of_this_machine(stage, proxy, monkeypatch):
    proxies = Proxies(https=proxy.url, http=proxy.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    settings = stage.app.state.parts.settings.model_copy(update={"citizen_issuer": "http://fc.example/api/v2"})

    async def run() -> None:
        outgoing = Outgoing(proxies)
        try:
            assert (await outgoing.client().get("http://register.example/v4")).status_code == 404
            assert (await outgoing.client().get(f"{stage.url}/livez")).status_code == 200
            with pytest.raises(httpx.HTTPStatusError):
                await make_providers(settings, outgoing)["citizen"].client.load_server_metadata()
        finally:
            await outgoing.end()
        async with finance("http://finance.example", 5, proxies) as system:
            await system.ask("AUE-1")
        for endpoint in ("http://s3.example", f"http://127.0.0.1:{proxy.to}"):
            with pytest.raises(Unavailable):
                await storage.read(storage.open_store(f"s3://pieces?endpoint={endpoint}", proxies), "a")

    asyncio.run(run())
    assert [line.removeprefix("GET ") for line in proxy.asked] == [
        "http://register.example/v4",
        "http://fc.example/api/v2/.well-known/openid-configuration",
        "http://finance.example/paiements/AUE-1",
        "http://s3.example/pieces/a",
    ]
    proxy.refuses = True

    async def refused() -> object:
        async with finance("https://finance.example", 5, proxies) as system:
            return await system.ask("AUE-1")

    assert asyncio.run(refused()) == PutOff(Problem.AWAY), "nothing was sent"


def test_a_webhook_goes_through_it_to_the_address_that_was_checked(tmp_path, monkeypatch):
    certificate, authority = signed(tmp_path, "partner.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    leads = {"partner.example": PUBLIC, "other.example": PUBLIC, "inside.example": "10.0.0.1"}

    def resolve(host: Any, port: Any, *rest: Any, **more: Any) -> list[Any]:
        if host in leads:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (leads[host], port))]
        return real(host, port, *rest, **more)

    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    posting._named.cache_clear()

    async def told(host: str) -> int:
        to = await destination.resolved(f"https://{host}/hook", loopback=False)
        return await posting.post(to, b"{}", {}, proxy=proxy.url, timeout_s=10)

    with elsewhere(certificate) as port, proxying(port) as proxy:
        assert asyncio.run(told("partner.example")) == 404, "it answered"
        assert proxy.asked == [f"CONNECT {PUBLIC}:443"], "not its name, which the proxy might resolve otherwise"
        with pytest.raises(httpx.ConnectError, match="certificate"):
            asyncio.run(told("other.example"))
        with pytest.raises(PartnerError):
            asyncio.run(told("inside.example"))
        assert len(proxy.asked) == 2, "of what leads inside the proxy hears nothing"
    posting._named.cache_clear()


def signed(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate of ``name`` with its key, signed by itself, and the same alone to be trusted."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    both, alone = folder / "server.pem", folder / "authority.pem"
    both.write_bytes(private + made)
    alone.write_bytes(made)
    return both, alone


@pytest.mark.parametrize(
    ("url", "through"),
    [
        ("https://a.example/", "s"),
        ("http://a.example/", "p"),
        ("https://localhost:1/", None),
        ("http://127.0.0.9:1/", None),
        ("http://[::1]:1/", None),
        ("https://gouv.fr/", None),
        ("https://api.gouv.fr/", None),
        ("https://notgouv.fr/", "s"),
        ("https://10.1.2.3/", None),
        ("https://11.1.2.3/", "s"),
        ("https://ported.example:8443/", None),
        ("https://ported.example/", "s"),
        ("https://a.gouv.fr.evil.example/", "s"),
    ],
)
def test_what_is_left_out_is_read_as_everywhere(url, through):
    assert Proxies("s", "p", " .gouv.fr, 10.0.0.0/8,ported.example:8443, ,").of(url) == through


def test_the_usual_variables_say_it_and_what_is_no_proxy_is_refused_by_name(stage, monkeypatch):
    values = stage.app.state.parts.settings.model_dump(exclude={name.lower() for name in STANDARD})
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name.lower(), raising=False)
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("https_proxy", "proxy.example:8080")
    monkeypatch.setenv("HTTP_PROXY", "")
    monkeypatch.setenv("NO_PROXY", "a.example")
    settings = Settings(**values, DATABASE_URL="postgresql:///x")
    assert proxies_of(settings) == Proxies("http://proxy.example:8080", None, "a.example")
    monkeypatch.setenv("HTTPS_PROXY", "socks5://proxy.example:1080")
    monkeypatch.delenv("https_proxy")
    monkeypatch.setenv("DATABASE_URL", "postgresql:///x")
    for name in ("public_url", "citizen_issuer", "agent_issuer", "citizen_client_id", "agent_client_id"):
        monkeypatch.setenv(f"{PREFIX}{name.upper()}", str(values[name]))
    for name in ("session_secret", "citizen_client_secret", "agent_client_secret", "agent_sirets"):
        monkeypatch.setenv(f"{PREFIX}{name.upper()}", "0123456789abcdef0123456789abcdef")
    with pytest.raises(SettingsError, match=r"^HTTPS_PROXY"):
        load()
