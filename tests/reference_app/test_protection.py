"""What surrounds every request: headers, other sites, limits, and a database that is full, away or stuck."""

from __future__ import annotations

import asyncio
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import psutil
import psycopg
import pytest

from reference_app import embedded, migration, migrations, protection


def test_every_answer_carries_the_headers(stage):
    client = stage.browser()
    for path in ("/", "/nowhere", "/api/v1/me", "/api/nowhere", "/livez", "/openapi.json", "/static/style.css"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert "server" not in headers


def test_personal_pages_are_not_stored_and_static_files_are(stage):
    client = stage.signed_in("business")
    for path in ("/dossiers", "/api/v1/me", "/"):
        assert client.get(path).headers["cache-control"] == "no-store"
    assert "immutable" in client.get("/static/style.css").headers["cache-control"]
    assert client.get("/static/missing.css").headers["cache-control"] == "no-store"


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(stage, form_action):
    client = stage.browser()
    answer = client.get("/sign-in/business", follow_redirects=False)
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "max-age=1800" in cookie
    assert "secure" not in cookie


def test_over_https_cookies_are_secure_and_hsts_is_sent(staged):
    with staged(public_url="https://aide.example") as stage:
        answer = stage.browser().get("/sign-in/business", follow_redirects=False)
        assert "secure" in answer.headers["set-cookie"].lower()
        assert int(answer.headers["strict-transport-security"].split("max-age=")[1].split(";")[0]) >= 31_536_000


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
def test_another_site_changes_nothing_with_a_visitors_cookie(stage, draft, key, headers):
    client = stage.signed_in("business")
    answer = client.post("/api/v1/procedures/emergency-aid/dossiers", json=draft, headers=headers | key())
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    assert client.get("/api/v1/dossiers").json()["items"] == []


def test_our_own_pages_are_not_another_site(stage, draft, key):
    client = stage.signed_in("business")
    for headers in ({"Sec-Fetch-Site": "same-origin"}, {"Origin": stage.url}):
        assert (
            client.post("/api/v1/procedures/emergency-aid/dossiers", json=draft, headers=headers | key()).status_code
            == 201
        )


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/api/v1/nowhere", 404), ("PATCH", "/api/v1/me", 405)])
def test_errors_below_api_are_problem_documents(stage, method, path, status):
    answer = stage.browser().request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status


def test_a_body_without_a_declared_length_is_limited_too(stage, key):
    client = stage.signed_in("business")

    def chunks():
        yield b'{"need": "'
        for _ in range(20):
            yield b"x" * 10_000
        yield b'"}'

    headers = {**key(), "Content-Type": "application/json"}
    assert (
        client.post("/api/v1/procedures/emergency-aid/dossiers", content=chunks(), headers=headers).status_code == 413
    )


def test_a_form_that_is_too_large_is_refused(stage):
    client = stage.signed_in("business")
    assert client.post("/dossiers", data={"need": "x" * 300_000}).status_code == 413
    with_files = {"Content-Type": "multipart/form-data; boundary=x"}
    assert client.post("/dossiers", content=b"x" * 100_000, headers=with_files).status_code == 413


@pytest.mark.parametrize(("at_once", "most"), [(protection.LONG_FORMS_AT_ONCE, 4), (12, 12)], ids=["bounded", "not"])
def test_few_long_forms_are_in_memory_at_a_time_and_the_others_wait_for_their_turn(monkeypatch, at_once, most):
    """Each of twelve sends 100 kB in ten parts; what is counted is how many are past 64 kB at the same moment."""
    monkeypatch.setattr(protection, "LONG_FORMS_AT_ONCE", at_once)
    within, seen = 0, []

    async def read_whole(scope, receive, send):
        nonlocal within
        read = 0
        while read < 100_000:
            before, read = read, read + len((await receive())["body"])
            within += before <= 64_000 < read
            seen.append(within)
        within -= 1

    async def receive():
        await asyncio.sleep(0)
        return {"type": "http.request", "body": b"x" * 10_000, "more_body": True}

    async def run():
        limit = protection.BodyLimit(read_whole, max_bytes=64_000, max_form_bytes=256_000, allowances=lambda _: None)
        headers = [(b"content-type", b"application/x-www-form-urlencoded")]
        scope = {"type": "http", "method": "POST", "path": "/dossiers", "headers": headers}
        await asyncio.gather(*(limit(dict(scope), receive, None) for _ in range(12)))

    asyncio.run(run())
    assert max(seen) == most


def test_a_full_pool_is_a_503_with_retry_after_and_then_it_goes_on(staged, database_url, draft, key):
    with staged(pool_size=1, pool_wait_s=0.2) as stage:
        client = stage.signed_in("business")
        dossier = client.post("/api/v1/procedures/emergency-aid/dossiers", json=draft, headers=key()).json()["id"]
        same = key()
        with psycopg.connect(database_url) as holder, ThreadPoolExecutor(1) as threads:
            holder.execute("SELECT 1 FROM dossier WHERE id = %s FOR UPDATE", [dossier])
            filing = threads.submit(client.post, f"/api/v1/dossiers/{dossier}/file", headers=same)
            wait_for_lock(holder)
            full = client.get("/api/v1/dossiers")
            holder.rollback()
            assert filing.result().status_code == 200
        assert full.status_code == 503
        assert int(full.headers["retry-after"]) > 0
        assert full.headers["content-type"] == "application/problem+json"
        assert client.get("/api/v1/dossiers").status_code == 200


def test_a_form_sent_while_the_pool_is_full_keeps_what_was_typed(staged, database_url, draft, key):
    with staged(pool_size=1, pool_wait_s=0.2) as stage:
        client = stage.signed_in("business")
        token = client.get("/dossiers/new").text.split('name="token" value="')[1].split('"')[0]
        dossier = client.post("/api/v1/procedures/emergency-aid/dossiers", json=draft, headers=key()).json()["id"]
        with psycopg.connect(database_url) as holder, ThreadPoolExecutor(1) as threads:
            holder.execute("SELECT 1 FROM dossier WHERE id = %s FOR UPDATE", [dossier])
            filing = threads.submit(client.post, f"/api/v1/dossiers/{dossier}/file", headers=key())
            wait_for_lock(holder)
            form = {"token": token, "key": key()["Idempotency-Key"], "need": "An hour of writing"}
            answer = client.post("/dossiers", data=form)
            holder.rollback()
            filing.result()
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
        assert "An hour of writing" in answer.text


def wait_for_lock(connection: psycopg.Connection) -> None:
    """Return once some statement waits for a lock that ``connection`` holds."""
    query = """SELECT 1 FROM pg_stat_activity
               WHERE wait_event_type = 'Lock' AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"""
    while connection.execute(query).fetchone() is None:
        time.sleep(0.02)


def test_a_database_that_is_stuck_or_gone_gives_503_never_a_hang(staged, draft, key):
    with embedded.running() as server:
        migration.upgrade(server.dsn())
        with staged(DATABASE_URL=server.dsn(), request_timeout_s=1.0, pool_wait_s=0.5) as stage:
            client = stage.signed_in("business")
            server.process.send_signal(signal.SIGSTOP)
            for_all_backends(server, signal.SIGSTOP)
            stuck = client.post("/api/v1/procedures/emergency-aid/dossiers", json=draft, headers=key())
            for_all_backends(server, signal.SIGCONT)
            server.process.send_signal(signal.SIGCONT)
            assert stuck.status_code == 503
            assert stuck.headers["retry-after"]
            assert client.get("/livez").status_code == 200
            until_ready(client)
            assert (
                client.post("/api/v1/procedures/emergency-aid/dossiers", json=draft, headers=key()).status_code == 201
            )
            server.process.send_signal(signal.SIGINT)
            server.process.wait(10)
            gone = client.get("/api/v1/dossiers")
            assert gone.status_code == 503
            assert gone.headers["retry-after"]
            assert client.get("/dossiers").status_code == 503
            assert client.get("/readyz").status_code == 503
            assert client.get("/livez").status_code == 200


def for_all_backends(server: embedded.Server, number: signal.Signals) -> None:
    for child in psutil.Process(server.process.pid).children():
        child.send_signal(number)


def until_ready(client) -> None:
    while client.get("/readyz").status_code != 200:
        time.sleep(0.05)


def test_not_ready_on_an_old_schema(staged, empty_database):
    with staged(DATABASE_URL=empty_database) as stage:
        client = stage.browser()
        assert client.get("/readyz").status_code == 503
        assert client.get("/livez").status_code == 200
        migration.upgrade(empty_database)
        assert client.get("/readyz").json() == {"status": "ready", "schema": migrations.head()}
