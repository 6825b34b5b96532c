"""Alerts on deferred work: each reads what the workers really tell, fires and falls silent, and leads to what to do."""

from __future__ import annotations

import asyncio
import os
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from observability.operations import alert_rules, panels, promtool, runbooks
from observability.operations.expressions import without_variables
from reference_app.jobs import backlog
from reference_app.jobs.queues import SERVICES, Queue
from reference_app.parts import make_parts
from reference_app.pieces.scanning import make_scanner

OPERATIONS = Path(__file__).parents[2] / "reference_app" / "operations"


def test_every_alert_leads_to_a_runbook_and_every_runbook_is_led_to():
    rules = alert_rules.load(OPERATIONS)
    found = runbooks.follow(rules.alerts, OPERATIONS / "runbooks")
    assert (found.without, found.broken, found.not_followed) == ((), (), ())
    assert {alert.runbook for alert in rules.alerts} == {
        f"runbooks/{path.name}" for path in (OPERATIONS / "runbooks").iterdir()
    }
    for path in (OPERATIONS / "runbooks").iterdir():
        named = {alert.name for alert in rules.alerts if alert.runbook == f"runbooks/{path.name}"}
        assert all(f"`{name}`" in path.read_text(encoding="utf-8") for name in named), path.name


@pytest.mark.parametrize(
    "spoiled",
    [("", ""), ('"jobs.seconds"}) > 30', '"jobs.seconds"}) > 60'), ('"mails"', '"letters"'), ("absent(", "count(")],
    ids=["as it is", "another line", "another name", "the contrary"],
)
def test_alerts_fire_above_their_line_and_no_spoiled_rule_passes(tmp_path, spoiled):
    if shutil.which(promtool.PROGRAM) is None and os.environ.get("CI") != "true":
        pytest.skip("promtool is not installed here (on Debian: apt install prometheus)")
    rules = (OPERATIONS / "deferred.yaml").read_text(encoding="utf-8")
    assert spoiled[0] in rules
    (tmp_path / "deferred.yaml").write_text(rules.replace(*spoiled), encoding="utf-8")
    (tmp_path / "tests").mkdir()
    test = tmp_path / "tests" / "deferred.test.yaml"
    shutil.copy(OPERATIONS / "tests" / test.name, test)
    assert promtool.test_rules([test])[test.name] is (spoiled == ("", ""))


def test_the_lines_of_the_alerts_are_the_promises_of_the_queues():
    expressions = " ".join(alert.expr for alert in alert_rules.load(OPERATIONS / "deferred.yaml").alerts)
    for queue, service in SERVICES.items():
        assert f'backlog_name="jobs.{queue}"}}) > {service.promise.total_seconds():.0f}' in expressions


def test_what_waits_is_told_by_the_names_that_alerts_and_panels_ask_for(stage, database_url):
    parts = stage.app.state.parts
    dossier = stage.filed(stage.signed_in("business"))

    scanner = make_scanner("tcp://127.0.0.1:9")

    async def told() -> tuple[dict[str, float], dict[str, float], dict[str, int]]:
        async with await psycopg.AsyncConnection.connect(database_url) as connection:
            await connection.execute(MAIL, {"id": dossier["id"], "at": datetime.now(UTC) - timedelta(hours=5)})
            await connection.execute(GATE, {"at": datetime.now(UTC) - timedelta(hours=7)})
            await connection.execute(PIECE, {"id": dossier["id"], "at": datetime.now(UTC) - timedelta(hours=9)})
            (job,) = await (await connection.execute(JOB)).fetchone()
            await connection.execute(LOST, [job])
            scanned = await backlog.ages(connection, replace(parts, scanner=scanner))
            found = scanned, await backlog.ages(connection, parts), await backlog.failed(connection)
            await connection.rollback()
            return found

    scanned, ages, failed = asyncio.run(told())
    assert scanned["scans"] > 9 * 3600 - 60
    assert ages["mails"] > 5 * 3600 - 60
    assert ages["finance"] > 7 * 3600 - 60
    assert ages["scans"] == 0, "nothing waits for a scanner that is not set up"
    assert failed["hours"] >= 1
    assert set(failed) == set(Queue)
    asked = " ".join(alert.expr for alert in alert_rules.load(OPERATIONS / "deferred.yaml").alerts)
    asked += " ".join(without_variables(query.expr) for query in panels.load(OPERATIONS / "deferred.json"))
    for name in ages:
        assert name in asked or name.startswith("jobs."), name


def test_of_what_the_database_does_not_say_nothing_is_told_any_more(stage, monkeypatch):
    told: list[tuple[object, object]] = []
    monkeypatch.setattr(backlog.telemetry, "backlog", lambda waiting, failed: told.append((waiting, failed)))
    monkeypatch.setattr(backlog, "TELL_EVERY_S", 0.01)

    async def run(statement: str) -> None:
        parts = make_parts(stage.app.state.parts.settings)
        monkeypatch.setattr(backlog, "_FAILED", statement)
        await parts.pool.open(wait=True)
        told.clear()
        following = asyncio.create_task(backlog.follow(parts))
        while len(told) < 2:
            await asyncio.sleep(0.01)
            assert not following.done()
        following.cancel()
        await parts.pool.close()

    asyncio.run(run(backlog._FAILED))
    assert set(told[0][1]) == set(Queue), "the control: it is told while the database says it"
    asyncio.run(run("SELECT of_a_newer_schema FROM procrastinate_jobs"))
    assert told[:2] == [({}, {}), ({}, {})]


MAIL = """
    INSERT INTO notification (account_id, dossier_id, news, created_at)
    SELECT account_id, id, 'filed', %(at)s FROM dossier WHERE id = %(id)s"""
PIECE = """
    INSERT INTO piece (dossier_id, account_id, name, filename, kind, size, digest, object, state, sent_at)
    SELECT id, account_id, 'proof', 'a.pdf', 'pdf', 9, sha256(id::text::bytea), id::text, 'en_attente', %(at)s
    FROM dossier WHERE id = %(id)s"""
GATE = "UPDATE finance_gate SET failures = 9, failing_since = %(at)s"
JOB = """
    SELECT unnest(procrastinate_defer_jobs_v1(ARRAY[ROW(
        'hours', 'test:none', 0, NULL, NULL, '{}', NULL)::procrastinate_job_to_defer_v1]))"""
LOST = "SELECT procrastinate_finish_job_v1(%s, 'failed', false)"
