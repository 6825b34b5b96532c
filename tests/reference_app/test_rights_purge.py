"""The purge obeys the retention to the day, tells before, is counted beforehand, and may be stopped at any moment."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from everywhere import tables_with
from psycopg import sql
from psycopg.types.json import Jsonb

from reference_app import migration
from reference_app.appointments.seats import miscounted
from reference_app.database import connect
from reference_app.dossiers.operations import broken_chains, link
from reference_app.procedure import PROCEDURES
from reference_app.rights import forgetting, notices, purge, steps

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def template(postgres) -> Iterator[str]:
    name = f"t{uuid4().hex}"
    with psycopg.connect(postgres.dsn("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        migration.upgrade(postgres.dsn(name))
        yield name
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database(postgres, template) -> Iterator[str]:
    name = f"t{uuid4().hex}"
    with psycopg.connect(postgres.dsn("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield postgres.dsn(name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def connection(database):
    with psycopg.connect(database, autocommit=True) as opened:
        yield opened


def account(connection, provider="citizen", since=NOW) -> UUID:
    values = (provider, uuid4().hex, since)
    query = "INSERT INTO account (provider, subject, created_at) VALUES (%s, %s, %s) RETURNING id"
    return connection.execute(query, values).fetchone()[0]


def dossier(connection, state, at, *, mark="", owner=None, **columns) -> UUID:
    """A dossier as it stands since ``at``, with a line in each table that belongs to it; ``mark`` stands in all."""
    owner = account(connection) if owner is None else owner
    filed = state != "brouillon"
    agent = account(connection, "agent")
    payload = f'{{"by": "{owner}"}}'
    row = {
        "account_id": owner,
        "procedure": "emergency-aid",
        "state": state,
        "answers": Jsonb({"need": mark}),
        "updated_at": at,
        "created_at": at,
    }
    if filed:
        row |= {"receipt_number": f"AUE-{uuid4().hex}", "filed_at": at, "silence_on": at.date(), "operations": 1}
        row |= {"head": link(None, payload), "agent_id": agent, "claimed_at": at, "messages": 1}
    if state in ("accepte", "refuse", "sans_suite"):
        row |= {"decided_at": at, "motivation": mark}
    row |= columns
    query = sql.SQL("INSERT INTO dossier ({}) VALUES ({}) RETURNING id").format(
        sql.SQL(", ").join(map(sql.Identifier, row)), sql.SQL(", ").join([sql.SQL("%s")] * len(row))
    )
    (made,) = connection.execute(query, list(row.values())).fetchone()
    if filed:
        connection.execute("INSERT INTO operation VALUES (%s, 1, %s, %s)", (made, payload, link(None, payload)))
        parts = (made, state, at, owner, mark)
        connection.execute("INSERT INTO traitement VALUES (DEFAULT, %s, %s, %s, %s, %s)", parts)
        said = (made, agent, mark, at, at)
        connection.execute("INSERT INTO correction VALUES (DEFAULT, %s, %s, 'incorrect', %s, %s, %s)", said)
        connection.execute("INSERT INTO message VALUES (DEFAULT, %s, %s, false, %s, %s)", (made, owner, mark, at))
        connection.execute("INSERT INTO consultation VALUES (%s, %s, %s)", (made, agent, NOW.date()))
    return made


def run(database, at=NOW, **options):
    async def go():
        async with connect(database) as connection:
            return await purge.purge(connection, at, **options)

    return asyncio.run(go())


def counted(database, at=NOW):
    async def go():
        async with connect(database) as connection:
            return await purge.count(connection, at)

    return asyncio.run(go())


def left(connection) -> set[UUID]:
    return {row[0] for row in connection.execute("SELECT id FROM dossier")}


def test_each_kind_goes_the_day_after_its_last_and_not_before(connection, database):
    rules = PROCEDURES["emergency-aid"].retention
    assert (rules.drafts_days, rules.decided_months, rules.closed_months) == (90, 60, 12)
    last = {  # each is kept until yesterday, or until today
        "accepte": (datetime(2021, 11, 21, 9, tzinfo=UTC), datetime(2021, 11, 22, 9, tzinfo=UTC)),
        "refuse": (datetime(2021, 11, 21, 9, tzinfo=UTC), datetime(2021, 11, 22, 9, tzinfo=UTC)),
        "sans_suite": (datetime(2025, 11, 21, 9, tzinfo=UTC), datetime(2025, 11, 22, 9, tzinfo=UTC)),
        "en_instruction": (datetime(2021, 11, 21, 9, tzinfo=UTC), datetime(2021, 11, 22, 9, tzinfo=UTC)),
    }
    gone = {dossier(connection, state, days[0], mark="à oublier") for state, days in last.items()}
    kept = {dossier(connection, state, days[1], mark="à garder") for state, days in last.items()}
    assert counted(database).kinds["dossiers"] == 4
    done = run(database)
    assert done.kinds["dossiers"] == 4
    assert done.whole
    assert left(connection) == kept
    assert tables_with(connection, "à oublier") == []
    assert tables_with(connection, "à garder") == ["correction", "dossier", "message", "traitement"]
    register = connection.execute("SELECT dossier_id, rule FROM forgotten").fetchall()
    assert {row[0] for row in register} == gone
    assert sorted(row[1] for row in register) == ["closed", "decided", "decided", "silent"]
    assert run(database).kinds["dossiers"] == 0


def test_a_draft_goes_when_its_author_was_told_for_long_enough(connection, database):
    told = []

    async def tell(_, owner, draft):
        told.append((owner, draft))

    owner = account(connection)
    old = dossier(connection, "brouillon", NOW - 91 * DAY, owner=owner, mark="vieux")
    young = dossier(connection, "brouillon", NOW - 74 * DAY)
    assert run(database, tell=tell).kinds["drafts"] == 0
    assert told == [(owner, old)]
    assert run(database, at=NOW + 14 * DAY, tell=tell).kinds["drafts"] == 0
    assert told == [
        (owner, old),
        (connection.execute("SELECT account_id FROM dossier WHERE id = %s", [young]).fetchone()[0], young),
    ]
    assert counted(database, at=NOW + 15 * DAY).kinds["drafts"] == 1
    assert run(database, at=NOW + 15 * DAY, tell=tell).kinds["drafts"] == 1
    assert left(connection) == {young}
    assert tables_with(connection, "vieux") == []
    assert connection.execute("SELECT count(*) FROM forgotten").fetchone() == (0,)
    assert len(told) == 2, "told once"


def test_a_draft_that_is_taken_up_again_stays_and_is_told_of_anew(connection, database):
    draft = dossier(connection, "brouillon", NOW - 91 * DAY)
    run(database)
    connection.execute("UPDATE dossier SET updated_at = %s", [NOW + DAY])
    assert run(database, at=NOW + 20 * DAY).kinds["drafts"] == 0
    assert run(database, at=NOW + 95 * DAY).kinds["drafts"] == 0, "told again only now"
    assert left(connection) == {draft}
    assert run(database, at=NOW + 111 * DAY).kinds["drafts"] == 1


def test_messages_may_go_before_their_dossier(connection, database, monkeypatch):
    written = PROCEDURES["emergency-aid"]
    kept = written.retention.model_copy(update={"messages_months": 6})
    monkeypatch.setitem(PROCEDURES, "emergency-aid", written.model_copy(update={"retention": kept}))
    old, young = (dossier(connection, "refuse", NOW - days * DAY) for days in (200, 100))
    assert counted(database).kinds["dossiers whose messages go before"] == 1
    assert run(database).kinds["dossiers whose messages go before"] == 1
    assert connection.execute("SELECT dossier_id FROM message").fetchall() == [(young,)]
    assert connection.execute("SELECT messages FROM dossier WHERE id = %s", [old]).fetchone() == (0,)
    assert left(connection) == {old, young}


def test_appointments_go_with_their_slot_and_the_seats_still_add_up(connection, database):
    (lieu,) = connection.execute("INSERT INTO lieu (name, address) VALUES ('Salle', 'Rue') RETURNING id").fetchone()
    for at, mark in ((NOW - 31 * DAY, "passé"), (NOW - 30 * DAY, "récent")):
        (slot,) = connection.execute(
            "INSERT INTO creneau (procedure, lieu_id, starts_at, minutes, capacity, taken)"
            " VALUES ('masks', %s, %s, 30, 2, 1) RETURNING id",
            (lieu, at),
        ).fetchone()
        connection.execute(
            "INSERT INTO rendez_vous (creneau_id, procedure, account_id, name, booked_at, updated_at)"
            " VALUES (%s, 'masks', %s, %s, %s, %s)",
            (slot, account(connection), mark, at, at),
        )
    assert run(database).kinds["slots of appointments"] == 1
    assert tables_with(connection, "passé") == []
    assert "rendez_vous" in tables_with(connection, "récent")

    async def broken():
        async with connect(database) as opened:
            return [what async for what in miscounted(opened)]

    assert asyncio.run(broken()) == []


def test_an_account_of_which_nothing_is_left_leads_to_nobody(connection, database):
    long_ago = NOW - 31 * DAY
    empty, new, owning = account(connection, since=long_ago), account(connection), account(connection, since=long_ago)
    agent = account(connection, "agent", since=long_ago)
    dossier(connection, "accepte", NOW, owner=owning)
    before = dict(connection.execute("SELECT id, subject FROM account").fetchall())
    assert run(database).kinds["accounts of which nothing is left"] == 1
    after = dict(connection.execute("SELECT id, subject FROM account").fetchall())
    assert {one for one in before if before[one] != after[one]} == {empty}
    assert {new, owning, agent} <= set(after)
    assert tables_with(connection, before[empty]) == []
    assert connection.execute("SELECT id FROM ended_session").fetchall() == [(empty,)]
    assert run(database).kinds["accounts of which nothing is left"] == 0


def test_rows_that_only_serve_for_a_while_go_by_their_age(connection, database):
    owner = account(connection)
    kept = dossier(connection, "accepte", NOW, owner=owner)
    for at in (NOW - 25 * timedelta(hours=1), NOW - timedelta(hours=23)):
        key = (owner, uuid4().hex, b"", at)
        connection.execute(
            "INSERT INTO idempotency_key (account_id, key, request, created_at) VALUES (%s, %s, %s, %s)", key
        )
        connection.execute("INSERT INTO ended_session VALUES (%s, %s)", (uuid4(), at + timedelta(hours=12)))
        code = (uuid4().bytes, kept, at + DAY)
        connection.execute("INSERT INTO counter_code (digest, dossier_id, expires_at) VALUES (%s, %s, %s)", code)
    for days in (365, 366):
        opened = (kept, account(connection, "agent"), (NOW - days * DAY).date())
        connection.execute("INSERT INTO consultation VALUES (%s, %s, %s)", opened)
    found = counted(database).kinds
    done = run(database).kinds
    for kind in ("idempotency keys", "codes for the counter", "ends of sessions", "records of who opened what"):
        assert (found[kind], done[kind]) == (1, 1), kind


def test_a_purge_without_time_ends_between_two_batches_and_the_next_goes_on(connection, database, monkeypatch):
    monkeypatch.setattr(steps, "BATCH", 2)
    for _ in range(5):
        dossier(connection, "refuse", NOW - 3000 * DAY)
    ticks = iter(range(100))
    first = run(database, seconds=1.0, clock=lambda: float(next(ticks)))
    assert (first.kinds["dossiers"], first.whole) == (2, False)
    assert len(left(connection)) == 3
    assert run(database).kinds["dossiers"] == 3
    assert left(connection) == set()


def test_what_somebody_works_on_is_passed_over_not_waited_for(connection, database):
    held, free = (dossier(connection, "refuse", NOW - 3000 * DAY) for _ in range(2))
    with psycopg.connect(database) as worker:
        worker.execute("SELECT FROM dossier WHERE id = %s FOR UPDATE", [held])
        assert run(database).kinds["dossiers"] == 1
        assert left(connection) == {held}
    assert free not in left(connection)
    assert run(database).kinds["dossiers"] == 1


def test_a_purge_that_is_cut_off_leaves_no_dossier_in_pieces(connection, database, monkeypatch):
    whole = dossier(connection, "refuse", NOW - 3000 * DAY, mark="entier")
    statements = (*forgetting._DELETE, "SELECT 1 / 0")
    monkeypatch.setattr(forgetting, "_DELETE", statements)
    with pytest.raises(Exception, match="division by zero"):
        run(database)
    assert left(connection) == {whole}
    assert tables_with(connection, "entier") == ["correction", "dossier", "message", "traitement"]


def test_the_logs_of_others_still_add_up(stage, database_url):
    client = stage.signed_in("business")
    stage.filed(client)
    run(database_url, at=datetime.now(UTC))

    async def broken():
        async with connect(database_url) as opened:
            return [what async for what in broken_chains(opened)]

    assert asyncio.run(broken()) == []


def test_the_command_counts_without_changing_then_forgets(connection, database):
    dossier(connection, "refuse", datetime.now(UTC) - 3000 * DAY)
    command = [sys.executable, "-m", "reference_app", "purge"]
    options = {"env": os.environ | {"DATABASE_URL": database}, "capture_output": True, "text": True, "timeout": 60}
    dry = subprocess.run([*command, "--dry-run"], check=True, **options)
    assert "1 dossiers\n" in dry.stdout
    assert dry.stdout.endswith(" to forget\n")
    assert len(left(connection)) == 1
    done = subprocess.run(command, check=True, **options)
    assert "1 dossiers\n" in done.stdout
    assert left(connection) == set()


def test_every_procedure_here_says_how_long_it_keeps_what_it_takes_in():
    assert purge.without_rule() == []


def test_nobody_is_told_twice_by_two_purges_at_once(connection, database):
    for _ in range(3):
        dossier(connection, "brouillon", NOW - 91 * DAY)
    told = []

    async def tell(_, owner, draft):
        await asyncio.sleep(0)
        told.append(draft)

    async def both():
        async with connect(database) as one, connect(database) as other:
            await asyncio.gather(*(notices.give(each, NOW, tell) for each in (one, other)))

    asyncio.run(both())
    assert sorted(told) == sorted(left(connection))


def test_the_job_of_the_night_tells_and_forgets(stage, database_url, work):
    with psycopg.connect(database_url, autocommit=True) as opened:
        draft = dossier(opened, "brouillon", datetime.now(UTC) - 91 * DAY)
        old = dossier(opened, "refuse", datetime.now(UTC) - 3000 * DAY)
        opened.execute(
            "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW('hours', 'rights:purge', 0, NULL, NULL,"
            " '{\"timestamp\": 0}'::jsonb, NULL)::procrastinate_job_to_defer_v1])"
        )
        asyncio.run(work())
        there = left(opened)
        assert draft in there
        assert old not in there
        told = opened.execute("SELECT count(*) FROM purge_notice WHERE dossier_id = %s", [draft])
        assert told.fetchone() == (1,)


RULES = {
    f"{rule.rule}-{number}": rule
    for number, rule in enumerate([*steps._drafts(NOW), *steps._dossiers(NOW), *steps._messages(NOW)])
}


@pytest.mark.parametrize("name", sorted(RULES))
def test_no_rule_reads_every_dossier(database_url, name):
    with psycopg.connect(database_url) as opened:
        opened.execute("SET enable_seqscan = off")
        rows = opened.execute(
            "EXPLAIN " + RULES[name].due + " LIMIT 200 FOR UPDATE OF d SKIP LOCKED", RULES[name].values
        )
        plan = "\n".join(row[0] for row in rows)
    assert "Seq Scan on dossier" not in plan
    assert "Index Scan" in plan or "Bitmap Index Scan" in plan
