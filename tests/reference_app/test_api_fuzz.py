"""The whole API under schemathesis, signed in and not, and every object of somebody asked for by somebody else.

Both walk the OpenAPI document the service gives, so that no operation can be forgotten.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from reference_app.database import connect
from reference_app.listening import listen, port_of
from reference_app.partners import partner
from security.api_report import ApiReport, read
from security.tool import ToolError, run, scanner, version

EXAMPLES = int(os.environ.get("PORTANCE_FUZZ_EXAMPLES", "4"))
"""Made-up requests for each operation, beside the fixed ones: a night of 2 000 finds what a minute does not."""
SEED = int(os.environ.get("PORTANCE_FUZZ_SEED", "1"))
CITIZENS = ("business", "stranger")
AGENTS = "^/api/v1/agent"
LIMIT_S = 300 + EXAMPLES * 30
"""When a program that hangs is stopped; the work is bounded by its examples."""
CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance",
    "ignored_auth", "object_level_authorization",
)  # fmt: skip


@pytest.fixture(scope="module")
def schemathesis() -> Any:
    try:
        tool = scanner("schemathesis")
        version(tool)
    except ToolError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    return tool


def settings(inhabited: Any, folder: Path, who: tuple[str, ...] = CITIZENS) -> str:
    """Who asks, in turns, and that most requests are about things that exist: what no request reaches is not tried."""
    sessions = {name: cookie_of(inhabited.people[name]) for name in who}
    tokens = partners_of(inhabited)
    entries = [
        {
            "name": name,
            "fixedHeaders": [
                {"name": "Cookie", "value": cookie},
                {"name": "Authorization", "value": f"Bearer {tokens.get(name, tokens['business'])}"},
            ],
        }
        for name, cookie in sessions.items()
    ]
    (folder / "identities.json").write_text(json.dumps({"auth": entries}))
    lines = [
        'suppress-health-check = ["all"]',
        "[auth.wfc]",
        'path = "identities.json"',
        *([f"peers = {json.dumps(who)}"] if who == CITIZENS else []),  # agents may see each other's dossiers
    ]
    bound = {name: values for name, values in inhabited.things.items() if name != "who"}
    for name, values in bound.items():
        lines += [f"[dictionaries.{name}]", f"values = {json.dumps(values)}"]
    lines.append("[parameters]")
    lines += [f'"path.{name}" = {{ dictionary = "{name}", probability = 0.8 }}' for name in bound]
    return "\n".join(lines) + "\n"


def partners_of(inhabited: Any) -> dict[str, str]:
    """Tokens that people send along: of a partner of every procedure, and for the stranger of one without dossiers."""
    tokens = {"business": secrets.token_urlsafe(32), "stranger": secrets.token_urlsafe(32)}

    async def let_in() -> None:
        now, name = datetime.now(UTC), secrets.token_hex(8)
        async with connect(inhabited.app.state.parts.settings.database_url) as connection:
            await partner.let_in_for_load(connection, tokens["business"], now)
            await partner.add(connection, name, ["masks"], list(partner.Scope), [], 1_000_000, now)
            await partner.add_token(connection, name, now, 1, tokens["stranger"])

    asyncio.run(let_in())
    return tokens


def cookie_of(client: httpx.Client) -> str:
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in client.cookies.jar if cookie.name == "session")


def asked(schemathesis: Any, url: str, folder: Path, *narrowed: str) -> ApiReport:
    """Run the program against ``url`` to its end and read what it noted."""
    words = [
        "--config-file=schemathesis.toml", "run", f"{url}/openapi.json", f"--checks={','.join(CHECKS)}",
        "--phases=examples,coverage,fuzzing,stateful", "--report=ndjson", "--report-ndjson-path=report.ndjson",
        "--generation-database=none", "--no-shrink", "--continue-on-failure", "--request-timeout=10", "--workers=2",
        "--no-color", *narrowed,
        f"--max-examples={EXAMPLES}", f"--seed={SEED}",
    ]  # fmt: skip
    env = {"SCHEMATHESIS_HOOKS": None, "NO_PROXY": "*", "no_proxy": "*"}
    done = run(schemathesis, words, cwd=folder, timeout_s=LIMIT_S, env=env)
    report = folder / "report.ndjson"
    assert report.exists(), (done.stdout + done.stderr).decode()[-2000:]
    with report.open(encoding="utf-8") as lines:
        found = read(lines)
    assert found.ended, done.stdout.decode()[-2000:]
    return found


def told(report: ApiReport) -> list[str]:
    return [f"{f.rule} {f.operation} {f.status} {f.said} {f.request}" for f in report.failures]


@pytest.mark.parametrize(
    ("who", "where"),
    [(CITIZENS, f"--exclude-path-regex={AGENTS}"), (("agent",), f"--include-path-regex={AGENTS}")],
    ids=["citizens", "agents"],
)
def test_no_request_fails_or_is_answered_as_the_document_does_not_say(schemathesis, inhabited, tmp_path, who, where):
    (tmp_path / "schemathesis.toml").write_text(settings(inhabited, tmp_path, who))
    report = asked(schemathesis, inhabited.url, tmp_path, where)
    assert told(report) == []
    assert report.identities == (set(who) if who == CITIZENS else set())  # who asked is noted where there are peers
    assert len(report.answers) == report.selected > 20, "an operation was not asked"
    shut = sorted(name for name, seen in report.answers.items() if set(seen) <= {401, 403})
    assert shut == [], f"refused everybody: {shut}"
    kept = [seen for seen in report.answers.values() if any(200 <= status < 300 for status in seen)]
    assert len(kept) > report.selected / 2, "most of what was sent should have been good enough to be kept"


def test_the_same_asking_catches_a_service_that_fails_answers_at_random_or_checks_nobody(
    schemathesis, inhabited, serving, tmp_path
):
    """The control: three operations of the same document, answered by a service with a defect in each."""
    whole = inhabited.people["nobody"].get("/openapi.json").json()
    paths = {
        p: {"get": whole["paths"][p]["get"]} for p in ("/api/v1/me", "/api/v1/dossiers", "/api/v1/dossiers/{dossier}")
    }
    dossier = inhabited.people["business"].get(f"/api/v1/dossiers/{inhabited.things['dossier'][0]}").text
    answers = {
        "/openapi.json": (200, json.dumps(whole | {"paths": paths})),
        "/api/v1/me": (500, "{}"),
        "/api/v1/dossiers": (418, "{}"),
    }

    async def planted(scope: Any, receive: Any, send: Any) -> None:
        status, body = answers.get(scope["path"], (200, dossier))
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body.encode()})

    (tmp_path / "schemathesis.toml").write_text(settings(inhabited, tmp_path))
    taken = listen("127.0.0.1", 0)
    with serving(planted, taken):
        report = asked(schemathesis, f"http://127.0.0.1:{port_of(taken)}", tmp_path)
    assert {(f.rule, f.operation) for f in report.failures} >= {
        ("server-error", "GET /api/v1/me"),
        ("undocumented-status", "GET /api/v1/dossiers"),
        ("ignored-authentication", "GET /api/v1/dossiers/{dossier}"),
    }
