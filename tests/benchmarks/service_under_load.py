"""The whole reference service for a benchmark: started as people start it, its database at hand, people signed in."""

from __future__ import annotations

import base64
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import itsdangerous
import psycopg

from reference_app import embedded, sessions
from reference_app.settings import PREFIX
from reference_app.sign_in.roles import Role
from scorecard.evidence import Machine

START_S, STOP_S = 90.0, 20.0


@dataclass(frozen=True)
class Service:
    """A running service: where it answers, its process, its database, and the secret that signs its sessions."""

    host: str
    port: int
    pid: int
    dsn: str
    secret: str

    def connect(self) -> psycopg.Connection:
        """A connection to the database of the service."""
        return psycopg.connect(self.dsn, autocommit=True)

    def people(self, count: int, role: Role = "citizen") -> list[UUID]:
        """Accounts of ``count`` new people."""
        prefix = uuid4().hex
        with self.connect() as connection:
            rows = connection.execute(
                "INSERT INTO account (provider, subject) SELECT %s, %s || n FROM generate_series(1, %s) n RETURNING id",
                (role, prefix, count),
            )
            return [row[0] for row in rows]

    def cookie(self, account: UUID, role: Role = "citizen") -> str:
        """The cookie of ``account``, signed in now with the secret of the service, as its sign-in does."""
        now = int(time.time())
        kept = {"id": str(uuid4()), "account": str(account), "role": role, "name": "Camille Martin"}
        words = json.dumps(kept | {"since": now, "seen": now}).encode()
        signed = itsdangerous.TimestampSigner(self.secret).sign(base64.b64encode(words))
        return f"{sessions.COOKIE}={signed.decode()}"

    def memory(self) -> dict[int, int]:
        """Resident bytes of each worker, by its process."""
        return {pid: _resident(pid) for pid in _workers(self.pid)}


@contextmanager
def running(workers: int, *arguments: str, **settings: str) -> Iterator[Service]:
    """``python -m reference_app up`` on a free port until the block ends; ``settings`` by their names in lower case."""
    secret = secrets.token_urlsafe(32)
    given = {f"{PREFIX}{name.upper()}": value for name, value in settings.items()}
    environment = os.environ | {f"{PREFIX}SESSION_SECRET": secret} | given
    environment.pop("DATABASE_URL", None)
    command = [sys.executable, "-m", "reference_app", "up", "--port", "0", "--workers", str(workers)]
    command += ["--unlimited", "127.0.0.1/32", *arguments]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            url = urlsplit(_ready(process))
            port = int(url.port or 80)
            dsn = embedded.answering_for(port)
            yield Service(str(url.hostname), port, process.pid, dsn, secret)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()


def said_of_machine() -> str:
    """One line that says where a figure was measured."""
    machine = Machine.here()
    memory = machine.memory_bytes / 2**30
    return f"{machine.cpu}, {machine.cores} cores, {memory:.0f} GiB, Python {machine.python}, {machine.system}"


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` of ``values`` lie; infinite without any."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))] if ranked else float("inf")


def say(*lines: str) -> None:
    """Print at once."""
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def _ready(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.match(r"(http://\S+) is ready", line):
            return found[1]
    raise SystemExit(f"the service ended while starting (exit code {process.wait(START_S)})")


def _workers(root: int) -> list[int]:
    import psutil

    return [child.pid for child in psutil.Process(root).children(recursive=True) if "serve" in child.cmdline()[2:5]]


def _resident(pid: int) -> int:
    import psutil

    return int(psutil.Process(pid).memory_info().rss)
