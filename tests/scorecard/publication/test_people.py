"""People: signing in, roles, tokens, and what a page may show to whom."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import httpx
import psycopg
import pytest
from psycopg import sql

from scorecard.publication.roles import Role
from scorecard.publication.submission import files_of


def subject_on(page: str) -> str:
    found = re.search(r'<p class="note"><code>([^<]+)</code>', page)
    assert found is not None, page
    return unescape(found[1])


def form_of(page: httpx.Response) -> str:
    found = re.search(r'name="form" value="([^"]+)"', page.text)
    assert found is not None, page.text
    return unescape(found[1])


@pytest.fixture
def published(service, run) -> str:
    """A run of "Masques & <gants>" that is kept; its digest."""
    folder = run("Masques & <gants>")
    answer = service.api(service.token()).post("/api/v1/runs", json={"folder": folder.name, "files": files_of(folder)})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["digest"])


def test_nobody_sees_anything_without_signing_in_and_a_newcomer_sees_only_who_they_are(service, published) -> None:
    for path in ("/", "/portfolio", "/projects/x", f"/runs/{published}", "/members"):
        answer = service.browser().get(path, follow_redirects=False)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")
    newcomer = service.signed_in("agent-1")
    waiting = newcomer.get("/")
    assert waiting.status_code == 403
    assert "No role yet" in waiting.text
    assert "gants" not in waiting.text
    for path in ("/portfolio", f"/runs/{published}", "/members", "/projects/Masques & <gants>"):
        assert newcomer.get(path).status_code == 403
    assert newcomer.get("/api/v1/projects").status_code == 403


def test_a_reader_sees_the_projects_their_history_and_the_page_of_a_run(service, published) -> None:
    reader = service.signed_in("agent-1", Role.READER)
    home = reader.get("/")
    assert "Masques &amp; &lt;gants&gt;" in home.text
    link = re.search(r'href="(/projects/[^"]+)"', home.text)
    assert link is not None
    history = reader.get(link[1])
    assert f"/runs/{published}" in history.text
    page = reader.get(f"/runs/{published}")
    assert page.status_code == 200
    assert "Masques &amp; &lt;gants&gt;" in page.text
    assert "Masques &amp; &lt;gants&gt;" in reader.get("/portfolio").text
    french = reader.get("/?lang=fr").text
    assert 'lang="fr"' in french
    assert "le service peut accueillir toute sa population" in french
    assert reader.get("/members").status_code == 403
    assert "/members" not in home.text


def test_an_administrator_gives_a_role_and_it_counts_at_the_next_request(service, published) -> None:
    newcomer = service.signed_in("agent-2")
    waiting = newcomer.get("/")
    assert waiting.status_code == 403
    administrator = service.signed_in("agent-1", Role.ADMINISTRATOR)
    given = {"subject": subject_on(waiting.text), "form": form_of(administrator.get("/members"))}
    for role, expected in (("reader", 200), ("none", 403)):
        assert administrator.post("/members", data=given | {"role": role}).status_code == 200
        assert newcomer.get("/").status_code == expected
    assert administrator.post("/members", data=given | {"subject": "nobody", "role": "reader"}).status_code == 404
    with psycopg.connect(service.database_url) as connection:
        done = connection.execute("SELECT what FROM event ORDER BY id").fetchall()
    assert [what for (what,) in done if what.startswith("role")] == ["role reader", "role none"]


def test_a_form_from_elsewhere_changes_nothing(service) -> None:
    administrator = service.signed_in("agent-1", Role.ADMINISTRATOR)
    subject = re.findall(r'name="subject" value="([^"]+)"', administrator.get("/members").text)[0]
    for sent in ({}, {"form": "guessed"}, {"form": ""}):
        assert administrator.post("/members", data={"subject": subject, "role": "none"} | sent).status_code == 403
    assert administrator.get("/members").status_code == 200


def test_a_token_is_shown_once_works_and_ends_when_revoked(service, published) -> None:
    administrator = service.signed_in("agent-1", Role.ADMINISTRATOR)
    last = (datetime.now(UTC).date() + timedelta(days=10)).isoformat()
    wanted = {"name": "nightly", "role": "reader", "expires_on": last, "form": form_of(administrator.get("/members"))}
    made = administrator.post("/tokens", data=wanted)
    plain = re.search(r"portance_[\w-]+", made.text)
    assert plain is not None
    assert plain[0] not in administrator.get("/members").text
    with psycopg.connect(service.database_url) as connection:
        for table in ("token", "event"):
            kept = connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table))).fetchall()
            assert plain[0] not in repr(kept)
    assert service.api(plain[0]).get("/api/v1/projects").status_code == 200
    page = administrator.get("/members")
    path = re.findall(r'action="(/tokens/[^"]+/revoke)"', page.text)[0]
    assert administrator.post(path, data={"form": form_of(page)}).status_code == 200
    assert service.api(plain[0]).get("/api/v1/projects").status_code == 401


@pytest.mark.parametrize(("role", "days"), [("administrator", 10), ("reader", -1), ("reader", 4000)])
def test_a_token_reads_or_publishes_and_lasts_a_year_at_most(service, role: str, days: int) -> None:
    administrator = service.signed_in("agent-1", Role.ADMINISTRATOR)
    last = (datetime.now(UTC).date() + timedelta(days=days)).isoformat()
    wanted = {"name": "x", "role": role, "expires_on": last, "form": form_of(administrator.get("/members"))}
    assert administrator.post("/tokens", data=wanted).status_code == 422


def test_after_signing_out_a_copy_of_the_cookie_is_worth_nothing(service) -> None:
    reader = service.signed_in("agent-1", Role.READER)
    copy = dict(reader.cookies)
    assert reader.post("/sign-out", data={"form": form_of(reader.get("/"))}).status_code == 200
    thief = service.client(cookies=copy)
    assert thief.get("/").headers.get("Location") == "/sign-in"
    assert service.signed_in("agent-1").get("/").status_code == 200


def test_a_tampered_cookie_and_a_callback_nobody_asked_for_are_refused(service) -> None:
    reader = service.signed_in("agent-1", Role.READER)
    name, value = next(iter(dict(reader.cookies).items()))
    thief = service.client(cookies={name: value[:-2] + "xx"})
    assert thief.get("/").headers.get("Location") == "/sign-in"
    answer = service.browser().get("/sign-in/callback?code=x&state=y")
    assert answer.status_code == 400
    assert "did not confirm" in answer.text


def test_every_answer_carries_the_security_headers(service) -> None:
    for path in ("/", "/signed-out", "/api/v1/projects", "/livez", "/nothing"):
        headers = service.browser().get(path, follow_redirects=False).headers
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
    cookie = service.browser().get("/sign-in", follow_redirects=False).headers["Set-Cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


def test_it_is_ready_only_with_its_database(service) -> None:
    assert service.browser().get("/readyz").status_code == 200
    assert service.browser().get("/livez").text == "alive"
