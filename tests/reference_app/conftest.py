"""One real PostgreSQL for the session, the service and the identity provider on real sockets."""

from __future__ import annotations

import asyncio
import re
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from functools import partial
from html import unescape
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
import uvicorn
from aiosmtpd.controller import Controller

from reference_app import embedded, migration
from reference_app.app import create_app
from reference_app.identity_provider.app import create_app as create_provider
from reference_app.identity_provider.contract import Client
from reference_app.identity_provider.identities import CHAMBER_SIRET
from reference_app.jobs.worker import run_due
from reference_app.listening import listen, port_of
from reference_app.parts import make_parts
from reference_app.server import configuration
from reference_app.settings import Settings

# What several files of tests start from stands in modules of its own, found by their names.
sys.path.insert(0, str(Path(__file__).parent))

from inhabited import Inhabited, inhabit
from old_finance import Place

DRAFT = {
    "siret": "73282932000074",
    "company_name": "Boulangerie du Port",
    "contact_email": "contact@example.fr",
    "activity": "stopped",
    "need": "Inondation",
    "amount": 5000,
}


SHARED = pytest.StashKey[str]()
WITHOUT_LOG = """
    SELECT count(*) FROM dossier d
    WHERE d.operations <> (SELECT count(*) FROM operation o WHERE o.dossier_id = d.id)"""


@dataclass
class Stage:
    """A running service with its identity provider."""

    url: str
    provider: str
    app: Any
    clients: list[httpx.Client] = field(default_factory=list)

    def browser(self, language: str = "en", **options: Any) -> httpx.Client:
        """A browser without JavaScript: cookies, redirects."""
        headers = {"Accept-Language": language}
        client = httpx.Client(base_url=self.url, follow_redirects=True, headers=headers, timeout=20, **options)
        self.clients.append(client)
        return client

    def signed_in(self, who: str, identity: str | None = None, language: str = "en") -> httpx.Client:
        """A browser in which ``identity`` (a new one by default) is signed in as "business" or "agent"."""
        client = self.browser(language)
        name = identity if identity is not None else f"{who}-{uuid4().hex}"
        page = client.get(f"/sign-in/{who}")
        assert client.post(action_of(page), data={"identity": name}).status_code == 200
        return client

    def filed(self, client: httpx.Client, **fields: object) -> dict[str, Any]:
        """A dossier that ``client`` filed."""
        draft = (
            client.post("/api/v1/procedures/emergency-aid/dossiers", json=DRAFT | fields, headers=new_key())
            .raise_for_status()
            .json()
        )
        done = client.post(f"/api/v1/dossiers/{draft['id']}/file", headers=new_key()).raise_for_status().json()
        assert isinstance(done, dict)
        return done


def action_of(page: httpx.Response) -> str:
    found = re.search(r'action="([^"]+)"', page.text)
    assert found is not None, page.text
    return unescape(found[1])


def new_key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid4())}


@contextmanager
def in_thread(app: Any, taken: Any) -> Iterator[None]:
    server = uvicorn.Server(configuration(app))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]}, daemon=True)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            time.sleep(0.01)
        yield
    finally:
        server.should_exit = True
        thread.join(10)


@pytest.fixture(scope="session")
def postgres() -> Iterator[embedded.Server]:
    with embedded.running() as server:
        yield server


@pytest.fixture(scope="session")
def database_url(postgres: embedded.Server, request: pytest.FixtureRequest) -> str:
    migration.upgrade(postgres.dsn())
    request.session.stash[SHARED] = postgres.dsn()
    return postgres.dsn()


@pytest.fixture(scope="module", autouse=True)
def no_log_left_broken(request: pytest.FixtureRequest) -> Iterator[None]:
    """Tests share a database in which many verify the log of all dossiers: who leaves one without it is named here."""
    yield
    shared = request.session.stash.get(SHARED, None)
    if shared is None:
        return
    with psycopg.connect(shared) as connection:
        (left,) = connection.execute(WITHOUT_LOG).fetchone()
    assert left == 0, f"{request.module.__name__} left {left} dossiers without their operations in the shared database"


@contextmanager
def new_database(postgres: embedded.Server) -> Iterator[str]:
    name = f"t{uuid4().hex}"
    with psycopg.connect(postgres.dsn("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield postgres.dsn(name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty_database(postgres: embedded.Server) -> Iterator[str]:
    with new_database(postgres) as url:
        yield url


@pytest.fixture(scope="session")
def new_databases(postgres: embedded.Server) -> Callable[[], AbstractContextManager[str]]:
    """Make an empty database, and drop it in the end."""
    return partial(new_database, postgres)


Staged = Callable[..., AbstractContextManager[Stage]]


@pytest.fixture(scope="session")
def staged(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Staged:
    """Start a service with other settings, another database, another identity provider."""

    @contextmanager
    def run(acr: str = "eidas1", clock: Callable[[], float] = time.time, **settings: Any) -> Iterator[Stage]:
        service, provider = listen("127.0.0.1", 0), listen("127.0.0.1", 0)
        url, base = (f"http://127.0.0.1:{port_of(taken)}" for taken in (service, provider))
        client = Client(
            id="reference",
            secret="a secret of the test",
            redirect_uris=frozenset({f"{url}/sign-in/business/callback", f"{url}/sign-in/agent/callback"}),
            logout_uris=frozenset({f"{url}/signed-out"}),
        )
        values: dict[str, Any] = {
            "DATABASE_URL": database_url,
            "public_url": url,
            "session_secret": "0123456789abcdef0123456789abcdef",
            "citizen_issuer": f"{base}/api/v2",
            "citizen_client_id": client.id,
            "citizen_client_secret": client.secret,
            "agent_issuer": f"{base}/agents/api/v2",
            "agent_client_id": client.id,
            "agent_client_secret": client.secret,
            "agent_sirets": CHAMBER_SIRET,
            "unlimited_networks": "127.0.0.1/32",
            "storage": tmp_path_factory.mktemp("storage").as_uri(),
        }
        app = create_app(Settings(**values | settings))
        stage = Stage(url=url, provider=base, app=app)
        with ExitStack() as stack:
            stack.enter_context(in_thread(create_provider(base, client, acr=acr, clock=clock), provider))
            stack.enter_context(in_thread(app, service))
            try:
                yield stage
            finally:
                for browser in stage.clients:
                    browser.close()

    return run


@pytest.fixture(scope="session")
def stage(staged: Staged) -> Iterator[Stage]:
    with staged() as running:
        yield running


@pytest.fixture(scope="module")
def inhabited(staged: Staged, postgres: embedded.Server) -> Iterator[Inhabited]:
    """A service with a database of its own and people in it: what looks at everything begins there."""
    with new_database(postgres) as url:
        migration.upgrade(url)
        nobody_takes_mail = "smtp://127.0.0.1:9"
        with staged(DATABASE_URL=url, unscanned_pieces="open", smtp_url=nobody_takes_mail) as running:
            home = inhabit(running, dict(DRAFT))
            served = running.app.state.parts
            asyncio.run(run_due(make_parts(served.settings, served.clock)))
            yield home


@pytest.fixture(scope="session")
def paying(staged: Staged, postgres: embedded.Server) -> Iterator[Place]:
    """A service with a database of its own, on which deliveries, partners and webhooks are tried."""
    with new_database(postgres) as url:
        migration.upgrade(url)
        with staged(DATABASE_URL=url) as running:
            yield Place(running, url, running.app.state.parts.settings)


@pytest.fixture
def place(paying: Place) -> Place:
    """That service, with nothing delivered yet."""
    paying.forget()
    return paying


@pytest.fixture
def work(stage: Stage) -> Callable[..., Awaitable[None]]:
    """Do what is due of the jobs until none waits: ``asyncio.run(work())``, ``work(other)`` for another stage."""

    async def run(at: Stage = stage) -> None:
        served = at.app.state.parts
        await run_due(make_parts(served.settings, served.clock))

    return run


@dataclass
class Mailbox:
    """A real SMTP server that keeps what it takes; ``answers`` are given first, one to each mail, then it takes all."""

    url: str = ""
    taken: list[tuple[float, bytes]] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    connections: int = 0

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        if self.answers and self.answers[0].startswith("RCPT "):
            return self.answers.pop(0).removeprefix("RCPT ")
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer == "take it and break off":
            self.taken.append((time.monotonic(), envelope.content))
            server.transport.abort()
        elif answer == "break off":
            server.transport.abort()
        elif answer.startswith("250"):
            self.taken.append((time.monotonic(), envelope.content))
        return answer if answer[:3].isdigit() else "451 broken off"

    def to(self, address: str) -> list[EmailMessage]:
        """The mails to ``address``, in the order they came."""
        return [message for message in map(read_mail, self.contents()) if message["To"] == address]

    def contents(self) -> list[bytes]:
        """The mails as they came."""
        return [content for _, content in self.taken]


def read_mail(content: bytes) -> EmailMessage:
    message = message_from_bytes(content, policy=SMTP_POLICY)
    assert isinstance(message, EmailMessage)
    return message


@contextmanager
def taking_mail() -> Iterator[Mailbox]:
    box = Mailbox()
    taken = listen("127.0.0.1", 0)
    port = port_of(taken)
    taken.close()

    class Counted(Controller):
        def factory(self) -> Any:
            box.connections += 1
            return super().factory()

    controller = Counted(box, hostname="127.0.0.1", port=port)
    controller.start()
    box.connections = 0  # its own, by which it knows that it listens
    box.url = f"smtp://127.0.0.1:{port}"
    yield box
    controller.stop()


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with taking_mail() as box:
        yield box


@pytest.fixture(scope="session")
def mail_server() -> Callable[[], AbstractContextManager[Mailbox]]:
    """Start a mail server of one's own."""
    return taking_mail


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A real Chromium, for the tests of one module: others run loops of their own in this thread."""
    from chromium import opened

    with opened() as there:
        yield there


@pytest.fixture(scope="session")
def draft() -> dict[str, Any]:
    return dict(DRAFT)


@pytest.fixture(scope="session")
def key() -> Callable[[], dict[str, str]]:
    return new_key


@pytest.fixture(scope="session")
def form_action() -> Callable[[httpx.Response], str]:
    return action_of


@pytest.fixture(scope="session")
def serving() -> Callable[[Any, Any], AbstractContextManager[None]]:
    """Serve an application on a listening socket, in a thread, while a block runs."""
    return in_thread
