"""Where journeys take place: a service with all it may have around it, and the people who open it in one way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import psycopg
from playwright.sync_api import Browser, Route
from visitor import Looker, Say, Visitor

from reference_app.appointments.days import day_of
from reference_app.jobs.worker import run_due
from reference_app.parts import make_parts

LIMIT_MS = 30_000
Change = Callable[[str], str]
"""What is done to each page on its way: a journey through a service that is broken must fail."""


@dataclass(frozen=True)
class Town:
    """A service with a database of its own, a register of businesses, a mail server, and waiting rooms allowed."""

    stage: Any
    database: str
    register: httpx.Client
    mailbox: Any
    draft: dict[str, Any]

    def do_what_is_due(self) -> None:
        """Have the jobs done; in a thread, since Playwright keeps the loop of this one."""
        served = self.stage.app.state.parts
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, run_due(make_parts(served.settings, served.clock))).result()

    def execute(self, statement: str, *values: object) -> None:
        with psycopg.connect(self.database) as connection:
            connection.execute(statement, values if values else None)


@dataclass
class Scene:
    """One way to open the service: in ``language``, ``width`` pixels wide, with ``scripts`` or without."""

    town: Town
    browser: Browser
    say: Say
    language: str
    width: int
    scripts: bool
    stack: ExitStack
    change: Change | None = None
    visitors: list[Visitor] = field(default_factory=list)
    looked: set[str] = field(default_factory=set)
    violations: list[str] = field(default_factory=list)

    def person(self, who: str) -> Visitor:
        """Somebody in a browser of their own: signed in as a new "business" or "agent", or "nobody"."""
        visitor = Visitor(self._window(self.scripts), self.town.stage.url, self.say)
        visitor.name = f"{who}-{uuid4().hex[:12]}"
        if who != "nobody":
            visitor.client = self.town.stage.signed_in(who, visitor.name)
            kept = [{"name": c.name, "value": c.value, "url": visitor.url} for c in visitor.client.cookies.jar]
            visitor.page.context.add_cookies(kept)
        self.visitors.append(visitor)
        return visitor

    def look(self, visitor: Visitor, route: str) -> None:
        """Have axe look at a page, which must be that of ``route``."""
        path = visitor.page.url.removeprefix(visitor.url).partition("?")[0]
        assert path.startswith(route.partition("{")[0]), f"{path} is no page of {route}"
        looker = Looker(self._window(scripts=True), set())
        looker.look(visitor.page)
        looker.window.context.close()
        self.looked.add(route)
        self.violations += looker.violations

    def drafted(self, firm: Visitor, **answers: object) -> str:
        """A draft of ``firm``, complete."""
        made = firm.client.post(
            "/api/v1/procedures/emergency-aid/dossiers", json=self.town.draft | answers, headers=key()
        )
        return str(made.raise_for_status().json()["id"])

    def filed(self, firm: Visitor, **answers: object) -> str:
        """A dossier that ``firm`` filed."""
        return str(self.town.stage.filed(firm.client, **answers)["id"])

    def taken(self, agent: Visitor, dossier: str) -> None:
        """``agent`` takes dossiers until this one is theirs: the queue gives the oldest first."""
        taken = ""
        while not taken.endswith(dossier):
            agent.go("/agent/dossiers")
            agent.press("Take the next dossier")
            taken = agent.page.url
            assert "/agent/dossiers/" in taken, "the queue is empty, and the dossier was not in it"

    def place(self) -> str:
        """A place with times tomorrow."""
        agent = self.town.stage.signed_in("agent")
        named = {"name": f"Salle {uuid4()}", "address": "1, rue Haute"}
        lieu = agent.post("/api/v1/agent/lieux", json=named).raise_for_status().json()["id"]
        hours = {"day": tomorrow(), "begin": "09:00", "end": "10:00", "minutes": 30, "capacity": 1}
        opened = {"procedure": "masks", "lieu": lieu, **hours}
        agent.post("/api/v1/agent/creneaux", json=opened).raise_for_status()
        return str(lieu)

    def _window(self, scripts: bool) -> Any:
        context = self.stack.enter_context(
            self.browser.new_context(
                java_script_enabled=scripts,
                locale=self.language,
                viewport={"width": self.width, "height": 800},
            )
        )
        context.set_default_timeout(LIMIT_MS)
        if self.change is not None:
            context.route("**/*", self._changed)
            self.stack.callback(context.unroute_all, behavior="ignoreErrors")  # what is under way when a journey fails
        return context.new_page()

    def _changed(self, route: Route) -> None:
        if route.request.resource_type != "document":
            route.continue_()
            return
        answer = route.fetch(max_redirects=0)
        route.fulfill(response=answer, body=self.change(answer.text()))


def key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid4())}


def tomorrow() -> str:
    return (day_of(datetime.now(UTC)) + timedelta(days=1)).isoformat()
