"""The service on a real PostgreSQL, with a real identity provider, on sockets of its own."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
import uvicorn

from reference_app import embedded
from reference_app.identity_provider.app import create_app as create_provider
from reference_app.identity_provider.contract import Client
from reference_app.listening import listen, port_of
from scorecard import evidence as files
from scorecard.cli.grade import grade_run, write_reports
from scorecard.cli.publication import judge
from scorecard.cli.runs import Run, create
from scorecard.publication import migration, tokens
from scorecard.publication.app import create_app
from scorecard.publication.roles import Role
from scorecard.publication.settings import Settings

SECRET = "a secret of the tests, long enough"


@contextmanager
def serving(app: Any, taken: Any) -> Iterator[None]:
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", server_header=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]}, daemon=True)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            time.sleep(0.01)
        yield
    finally:
        server.should_exit = True
        thread.join(15)


@dataclass(frozen=True)
class Service:
    """A running service: its address, its database, and how to sign in."""

    url: str
    database_url: str
    settings: Settings
    clients: list[httpx.Client] = field(default_factory=list)

    def client(self, **options: Any) -> httpx.Client:
        """A client that is closed with the service."""
        client = httpx.Client(base_url=self.url, timeout=20, **options)
        self.clients.append(client)
        return client

    def browser(self, language: str = "en") -> httpx.Client:
        """A browser without JavaScript."""
        return self.client(follow_redirects=True, headers={"Accept-Language": language})

    def signed_in(self, identity: str, role: Role | None = None) -> httpx.Client:
        """A browser in which ``identity`` is signed in; ``role`` is given in the database, as an administrator does."""
        client = self.browser()
        page = client.get("/sign-in")
        action = re.search(r'action="([^"]+)"', page.text)
        assert action is not None, page.text
        back = client.post(unescape(action[1]), data={"identity": identity})
        if role is not None:
            subject = subject_on(back.text)
            with psycopg.connect(self.database_url, autocommit=True) as connection:
                connection.execute("UPDATE member SET role = %s WHERE subject = %s", [role.value, subject])
        return client

    def token(self, role: Role = Role.PUBLISHER, *, project: str | None = None, days: int = 30) -> str:
        """A token, made as the command line makes it."""
        last = datetime.now(UTC).date() + timedelta(days=days)
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            return tokens.make(connection, name="ci", role=role, project=project, expires_on=last, by="tests")

    def api(self, token: str) -> httpx.Client:
        """A program that calls with ``token``."""
        return self.client(headers={"Authorization": f"Bearer {token}"})


def subject_on(page: str) -> str:
    found = re.search(r'<p class="note"><code>([^<]+)</code>', page)
    assert found is not None, page
    return unescape(found[1])


@pytest.fixture(scope="session")
def postgres() -> Iterator[embedded.Server]:
    with embedded.running() as server:
        yield server


@pytest.fixture
def service(postgres: embedded.Server) -> Iterator[Service]:
    name = f"p{uuid4().hex}"
    with psycopg.connect(postgres.dsn("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    database_url = postgres.dsn(name)
    migration.upgrade(database_url)
    here, there = listen("127.0.0.1", 0), listen("127.0.0.1", 0)
    url, provider = f"http://127.0.0.1:{port_of(here)}", f"http://127.0.0.1:{port_of(there)}"
    client = Client("portance", SECRET, frozenset({f"{url}/sign-in/callback"}), frozenset({f"{url}/signed-out"}))
    settings = Settings(
        DATABASE_URL=database_url,
        public_url=url,
        session_secret=SECRET,
        issuer=f"{provider}/agents/api/v2",
        client_id="portance",
        client_secret=SECRET,
        organisation="Chambre de commerce",
        max_body_bytes=1024 * 1024,
    )
    with (
        serving(create_provider(provider, client, acr="eidas1"), there),
        serving(create_app(settings, judge), here),
    ):
        served = Service(url, database_url, settings)
        yield served
        for one in served.clients:
            one.close()
    with psycopg.connect(postgres.dsn("postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def run(tmp_path: Path, evidence, fact) -> Callable[..., Path]:
    """A finished run of ``project``, judged today, with one measured fact."""

    def make(project: str = "Masques", *, started_in: float = 1.5, minute: int = 0) -> Path:
        now = datetime.now(UTC)
        began = now - timedelta(hours=3) + timedelta(minutes=minute)
        content = f'[project]\nname = {json.dumps(project)}\nusers = 5_000\n[target]\nurl = "http://127.0.0.1:9"\n'
        made: Run = create(tmp_path / "runs", "demo", content.encode(), began)
        observed = evidence([fact("service.started_in", started_in)], name="service", project=project, on=began.date())
        files.write(observed, made.evidence_folder)
        today: date = now.date()
        made.mark("completed", today=today, lang="en")
        write_reports(made, grade_run(made, today), "en")
        return made.folder

    return make
