"""The old finance system as a process, the dossiers that are owed something, and time that can be moved on."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg

from reference_app.database import make_pool
from reference_app.deliveries.finance import finance
from reference_app.deliveries.policy import Policy
from reference_app.deliveries.sending import Worker, work_off
from reference_app.listening import listen, port_of
from reference_app.settings import Settings

LIMIT_S = 60.0
QUICK = Policy(timeout_s=1.0, settle_s=0.0, budget_share=1000, budget_most=1000)
"""Bounds a test need not wait for; time is moved on instead."""


def until(done: Callable[[], bool]) -> None:
    """Wait for something, and fail when it does not come about."""
    end = time.monotonic() + LIMIT_S
    while not done():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


@dataclass
class OldFinance:
    """The stand-in as a process; its books outlive it."""

    port: int
    journal: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, **knobs: Any) -> None:
        ready, announce = os.pipe()
        command = [sys.executable, "-m", "reference_app.stand_ins.finance", "--port", str(self.port)]
        command += ["--journal", str(self.journal), "--knobs", json.dumps(knobs), "--ready-fd", str(announce)]
        self.processes.append(subprocess.Popen(command, pass_fds=[announce]))
        os.close(announce)
        assert os.read(ready, 1) == b"."
        os.close(ready)

    def kill(self) -> None:
        self.processes[-1].send_signal(signal.SIGKILL)
        self.processes[-1].wait(LIMIT_S)

    def turn(self, **knobs: Any) -> None:
        httpx.put(f"{self.url}/knobs", json=knobs).raise_for_status()

    def seen(self) -> dict[str, int]:
        found = httpx.get(f"{self.url}/knobs").raise_for_status().json()["seen"]
        assert isinstance(found, dict)
        return found

    def entries(self) -> list[dict[str, str]]:
        return [json.loads(line) for line in self.journal.read_text().splitlines()] if self.journal.exists() else []

    def times(self, references: list[str]) -> dict[str, int]:
        """How many times each of these is in the books."""
        return dict(Counter(entry["reference"] for entry in self.entries() if entry["reference"] in references))


@contextmanager
def old_finance(folder: Path, **knobs: Any) -> Iterator[OldFinance]:
    with listen("127.0.0.1", 0) as taken:
        port = port_of(taken)
    system = OldFinance(port, folder / f"books-{uuid4().hex}")
    system.start(**knobs)
    try:
        yield system
    finally:
        for process in system.processes:
            if process.poll() is None:
                process.terminate()
            process.wait(LIMIT_S)


@dataclass
class Clock:
    """The present time, moved on by what a test does not wait for."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def pass_by(self, **amount: float) -> None:
        self.ahead += timedelta(**amount)


@dataclass
class Place:
    """A service with a database of its own, and who works there."""

    stage: Any
    database_url: str
    settings: Settings

    @cached_property
    def people(self) -> tuple[Any, Any]:
        return self.stage.signed_in("business"), self.stage.signed_in("agent")

    def accepted(self, count: int, **fields: object) -> list[str]:
        """File and accept so many dossiers; their references, oldest first."""
        business, agent = self.people
        found = []
        for _ in range(count):
            receipt = self.stage.filed(business, **fields)["receipt"]["number"]
            taken = agent.post("/api/v1/agent/dossiers/claim-next").raise_for_status().json()["id"]
            decision = {"decision": "accepte", "motivation": "Perte établie."}
            agent.post(f"/api/v1/agent/dossiers/{taken}/decision", json=decision).raise_for_status()
            found.append(receipt)
        return found

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            done = connection.execute(query.encode(), values)
            return done.fetchall() if done.description else []

    def states(self) -> dict[str, str]:
        return dict(self.rows("SELECT reference, state FROM delivery"))

    def forget(self) -> None:
        """No delivery, nothing filed that waits to be taken, and a gate nobody has gone through."""
        while self.people[1].post("/api/v1/agent/dossiers/claim-next").raise_for_status().status_code != 204:
            pass
        self.rows("TRUNCATE delivery")
        self.rows("TRUNCATE reconciliation")
        self.rows("DELETE FROM finance_gate")
        self.rows("INSERT INTO finance_gate DEFAULT VALUES")

    @asynccontextmanager
    async def worker(self, system: OldFinance, clock: Clock, policy: Policy = QUICK) -> AsyncIterator[Worker]:
        pool = make_pool(self.settings)
        await pool.open(wait=True)
        try:
            async with finance(system.url, policy.timeout_s) as called:
                yield Worker(pool, called, policy, clock, lambda: 0.5)
        finally:
            await pool.close()

    def work(self, system: OldFinance, clock: Clock, policy: Policy = QUICK, *, workers: int = 1) -> None:
        """Do all that is due."""

        async def run() -> None:
            async with self.worker(system, clock, policy) as worker:
                await asyncio.gather(*(work_off(worker, LIMIT_S) for _ in range(workers)))

        asyncio.run(run())

    def environment(self, system: OldFinance) -> dict[str, str]:
        """What a process of the service needs to work here, nobody signing in."""
        given = {
            "PUBLIC_URL": self.settings.origin,
            "SESSION_SECRET": self.settings.session_secret.get_secret_value(),
            "FINANCE_URL": system.url,
            "AGENT_SIRETS": ",".join(self.settings.agent_sirets),
        }
        for who in ("CITIZEN", "AGENT"):
            given |= {f"{who}_ISSUER": "http://127.0.0.1:9/api/v2", f"{who}_CLIENT_ID": "none"}
            given[f"{who}_CLIENT_SECRET"] = "none of this test"
        return {"DATABASE_URL": self.database_url} | {f"PORTANCE_REFERENCE_{k}": v for k, v in given.items()}
