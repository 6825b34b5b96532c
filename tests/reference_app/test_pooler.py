"""The service through a real PgBouncer in transaction mode: filing and booking over fewer sessions than connections."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from reference_app import embedded, migration

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
SESSIONS = 2
PEOPLE = 12

pytestmark = pytest.mark.skipif(
    PROGRAM is None and os.environ.get("CI") != "true", reason="pgbouncer is not installed on this machine"
)


@contextmanager
def pgbouncer(server: embedded.Server, database: str, role: str) -> Iterator[str]:
    """A PgBouncer in front of ``database``; the address ``role`` connects to."""
    assert PROGRAM is not None, "pgbouncer is not installed"
    folder, port, name = server.home / "s", 6432, f"bouncer{uuid4().hex}"
    users, file = server.home / f"{name}.txt", server.home / f"{name}.ini"
    users.write_text(f'"{role}" ""\n')
    file.write_text(
        f"""[databases]
app = host={folder} port=5432 dbname={database} user={role}
[pgbouncer]
listen_addr =
unix_socket_dir = {folder}
listen_port = {port}
auth_type = trust
auth_file = {users}
pool_mode = transaction
default_pool_size = {SESSIONS}
max_client_conn = 200
"""
    )
    account: Any = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
    process = subprocess.Popen([PROGRAM, str(file)], stderr=subprocess.DEVNULL, cwd="/", **account)
    url = f"postgresql:///app?host={folder}&port={port}&user={role}"
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(url, connect_timeout=2).close()
                break
            except psycopg.OperationalError:
                assert process.poll() is None, "pgbouncer ended"
                assert time.monotonic() < deadline, "pgbouncer did not start"
                time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def role(postgres, empty_database) -> Iterator[str]:
    """A role of its own for the service, which owns nothing, without limits yet."""
    migration.upgrade(empty_database)
    name = f"service{uuid4().hex}"
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {name} LOGIN")
        for kind in ("TABLES", "SEQUENCES", "FUNCTIONS"):
            connection.execute(f"GRANT ALL ON ALL {kind} IN SCHEMA public TO {name}")
        yield name
        connection.execute(f"DROP OWNED BY {name}; DROP ROLE {name}")


def bound(database_url: str, role: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"ALTER ROLE {role} SET statement_timeout = '3s'")


def name_of(database_url: str) -> str:
    return str(psycopg.conninfo.conninfo_to_dict(database_url)["dbname"])


def test_filing_and_booking_work_over_fewer_sessions_than_connections(postgres, empty_database, role, staged, key):
    bound(empty_database, role)
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute(
            """WITH l AS (INSERT INTO lieu (name, address) VALUES ('Mairie', 'x') RETURNING id)
               INSERT INTO creneau (procedure, lieu_id, starts_at, minutes, capacity)
               SELECT 'masks', id, now() + interval '2 days', 10, %s FROM l""",
            (PEOPLE - 2,),
        )
        with (
            pgbouncer(postgres, name_of(empty_database), role) as url,
            staged(DATABASE_URL=url, pooler="transaction", pool_size=10) as stage,
        ):
            assert stage.browser().get("/readyz").status_code == 200
            people = [stage.signed_in("business") for _ in range(PEOPLE)]
            lieu = people[0].get("/api/v1/procedures/masks/lieux").json()[0]["id"]
            day = people[0].get(f"/api/v1/procedures/masks/lieux/{lieu}/jours").json()[0]["day"]
            slot = people[0].get(f"/api/v1/procedures/masks/lieux/{lieu}/creneaux?day={day}").json()[0]["id"]

            def act(person: httpx.Client) -> int:
                stage.filed(person)
                wanted = {"creneau": slot, "name": "Camille Martin"}
                answers = [person.post("/api/v1/rendez-vous", json=wanted, headers=key()) for _ in range(4)]
                assert len(person.get("/api/v1/dossiers").json()["items"]) == 1
                return int(answers[0].status_code)

            with ThreadPoolExecutor(PEOPLE) as threads:
                booked = sorted(threads.map(act, people))
            agent = stage.signed_in("agent")
            assert agent.post("/api/v1/agent/dossiers/claim-next").status_code in (200, 204)
            sessions = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE usename = %s", (role,)
            ).fetchone()
        assert booked == [201] * (PEOPLE - 2) + [409] * 2
        assert sessions is not None
        assert 1 <= sessions[0] <= SESSIONS
        taken = connection.execute("SELECT taken, capacity FROM creneau").fetchone()
        assert taken == (PEOPLE - 2, PEOPLE - 2)


def test_a_service_that_is_not_told_of_the_pooler_is_not_ready(postgres, empty_database, role, staged):
    """The control: the limits it sends when it connects are refused by the pooler."""
    bound(empty_database, role)
    with pgbouncer(postgres, name_of(empty_database), role) as url, staged(DATABASE_URL=url) as stage:
        assert stage.browser().get("/readyz").status_code == 503


def test_a_role_without_limits_is_not_ready(postgres, empty_database, role, staged):
    with (
        pgbouncer(postgres, name_of(empty_database), role) as url,
        staged(DATABASE_URL=url, pooler="transaction") as stage,
    ):
        answer = stage.browser().get("/readyz")
        assert (answer.status_code, "statements are not bounded" in answer.json()["reason"]) == (503, True)


def test_prepared_statements_would_fail_behind_the_pooler(postgres, empty_database, role):
    """The control: why the service prepares none there."""
    with pgbouncer(postgres, name_of(empty_database), role) as url:
        connections = [psycopg.connect(url, autocommit=True, prepare_threshold=0) for _ in range(SESSIONS + 1)]

        def take_turns() -> None:
            for turn in range(3 * len(connections)):
                connections[turn % len(connections)].execute("SELECT %s::int", (turn,))

        with pytest.raises(psycopg.errors.DatabaseError, match="prepared statement"):
            take_turns()
        for connection in connections:
            connection.close()
