"""A session that was signed out opens nothing any more, on any worker, whoever kept a copy of its cookie."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from uuid import uuid4

import psycopg
import pytest

from reference_app import ended_sessions
from reference_app.database import make_pool
from reference_app.ended_sessions import KEPT, EndedSessions


def sign_out(client):
    token = client.get("/dossiers").text.split('name="token" value="')[1].split('"')[0]
    assert client.post("/sign-out", data={"token": token}).status_code == 200


def until(condition):
    for _ in range(300):
        if condition():
            return True
        time.sleep(0.1)
    return False


def test_a_copy_of_the_cookie_opens_nothing_after_signing_out(stage):
    client = stage.signed_in("business")
    copied = {"session": client.cookies["session"]}
    assert stage.browser(cookies=copied).get("/api/v1/me").status_code == 200
    sign_out(client)
    assert stage.browser(cookies=copied).get("/api/v1/me").status_code == 401
    assert "/sign-in" in str(stage.browser(cookies=copied).get("/dossiers").url)


def test_a_form_sent_with_an_ended_session_comes_back_unsaved(stage):
    client = stage.signed_in("business")
    copied = {"session": client.cookies["session"]}
    token = client.get("/dossiers/new").text.split('name="token" value="')[1].split('"')[0]
    sign_out(client)
    answer = stage.browser(cookies=copied).post("/dossiers", data={"token": token, "siret": "73282932000074"})
    assert answer.status_code == 401


def test_other_sessions_of_the_same_person_go_on(stage):
    name = f"business-{uuid4().hex}"
    one, other = stage.signed_in("business", name), stage.signed_in("business", name)
    sign_out(one)
    assert other.get("/api/v1/me").status_code == 200


def test_another_worker_knows_it_too(staged):
    with staged() as one, staged() as other:
        client = one.signed_in("business")
        copied = {"session": client.cookies["session"]}
        assert other.browser(cookies=copied).get("/api/v1/me").status_code == 200
        sign_out(client)
        assert until(lambda: other.browser(cookies=copied).get("/api/v1/me").status_code == 401)


def test_a_worker_that_starts_later_knows_it_before_it_is_ready(staged):
    with staged() as one:
        client = one.signed_in("business")
        copied = {"session": client.cookies["session"]}
        sign_out(client)
        with staged() as later:
            assert until(lambda: later.browser().get("/readyz").status_code == 200)
            assert later.browser(cookies=copied).get("/api/v1/me").status_code == 401


@pytest.fixture
def settings(stage):
    return stage.app.state.parts.settings


def test_an_end_that_could_not_be_written_is_written_when_the_database_is_back(settings):
    async def scenario():
        away = make_pool(settings.model_copy(update={"database_url": "postgresql://127.0.0.1:9/x", "pool_wait_s": 0.2}))
        back = make_pool(settings)
        await away.open(wait=False)
        await back.open()
        try:
            ended, session = EndedSessions(away), uuid4()
            await ended.add(session)
            assert session in ended
            assert not ended.known
            ended._pool = back
            await ended.refresh()
            other = EndedSessions(back)
            await other.refresh()
            return session in other and other.known
        finally:
            await away.close()
            await back.close()

    assert asyncio.run(scenario())


def test_what_has_ended_by_age_is_forgotten(settings, database_url):
    old, young = uuid4(), uuid4()
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("INSERT INTO ended_session VALUES (%s, now() - %s)", (old, KEPT * 2))
        connection.execute("INSERT INTO ended_session (id) VALUES (%s)", (young,))

    async def scenario():
        pool = make_pool(settings)
        await pool.open()
        try:
            known = EndedSessions(pool)
            await known.refresh()
            async with pool.connection() as connection:
                assert await ended_sessions.purge(connection, datetime.now(UTC)) >= 1
            return old in known, young in known
        finally:
            await pool.close()

    assert asyncio.run(scenario()) == (False, True)
    with psycopg.connect(database_url) as connection:
        left = {row[0] for row in connection.execute("SELECT id FROM ended_session")}
    assert old not in left
    assert young in left


@pytest.mark.parametrize("name", ["_SINCE", "_PURGE"])
def test_the_statements_of_every_second_use_the_index(database_url, name):
    with psycopg.connect(database_url) as connection:
        connection.execute("SET enable_seqscan = off; SET enable_sort = off; SET enable_bitmapscan = off")
        statement = b"EXPLAIN " + getattr(ended_sessions, name).encode()
        shown = "\n".join(
            row[0] for row in connection.execute(statement, {"since": None, "kept": KEPT, "at": datetime.now(UTC)})
        )
    assert "Index" in shown
    assert "Seq Scan" not in shown
