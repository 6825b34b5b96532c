"""``portance grade --against``: what changed since an earlier scorecard, and why."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

TODAY = datetime.now(UTC).date()

STRICTER = """
[[criteria]]
id = "own.p95"
domain = "capacity"
title = { en = "Own line for the latency", fr = "Seuil propre de latence" }
why = { en = "We promised it.", fr = "Nous l’avons promis." }
remedy = { en = "Mend the slowest route.", fr = "Corriger la route la plus lente." }
source = { en = "Field practice, a promise of ours", fr = "Pratique du terrain, une promesse à nous" }
basis = "measured"
evidence = "load"
fact = "load.p95"
unit = "s"
better = "lower"
pass = 0.001
max_age_days = 30
weight = 5
blocking = true
effort = "weeks"
kinds = ["online-procedure"]
"""


@pytest.fixture
def run(judged_run, inside):
    folder = judged_run(kind="online-procedure")
    inside("grade", str(folder), "--quiet")
    return folder


def changes(said):
    document = json.loads(said.stdout)
    assert document["schema"] == "portance/differences/1"
    return document, {c["criterion"]: c for c in document["changes"]}


def test_the_same_run_at_the_same_date_differs_in_nothing(run, inside):
    said = inside("grade", str(run), "--against", str(run), "--json")
    document, found = changes(said)
    assert (said.returncode, found, document["revoked_by"]) == (0, {}, [])
    assert document["before"] == document["after"]
    assert "0 questions stand differently." in inside("grade", str(run), "--against", str(run)).stdout


def test_another_catalogue_shows_what_it_asks(run, inside, tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    (own / "own.toml").write_text(STRICTER, encoding="utf-8")
    said = inside("grade", str(run), "--against", str(run / "scorecard.json"), "--criteria", str(own), "--json")
    document, found = changes(said)
    assert said.returncode == 1
    assert {name: c["causes"] for name, c in found.items()} == {"own.p95": ["criterion added"]}
    assert (document["before"]["decision"], document["after"]["decision"]) == ("go", "no_go")
    assert found["own.p95"]["before"] is None
    assert any("The gate is closed now" in reason for reason in document["revoked_by"])


def test_another_objective_is_named_as_the_line_that_moved(judged_run, inside):
    run = judged_run(kind="online-procedure", worse={"load.p95": 0.35})
    assert inside("grade", str(run), "--quiet").returncode == 0
    with (run / "portance.toml").open("a", encoding="utf-8") as file:
        file.write('[objectives]\np95 = "300 ms"\n')
    _, found = changes(inside("grade", str(run), "--against", str(run), "--json", "--lang", "fr"))
    moved = found["capacity.p95"]
    assert (moved["before"], moved["after"], moved["causes"]) == ("pass", "fail", ["threshold changed"])
    assert "400" in moved["text"]
    assert "300" in moved["text"]


def test_time_alone_is_named_as_the_cause(run, inside):
    later = (TODAY + timedelta(days=40)).isoformat()
    said = inside("grade", str(run), "--against", str(run), "--on", later)
    assert said.returncode == 2
    assert "Its evidence counted until" in said.stdout
    assert "Go → Undetermined" in said.stdout


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "cannot be read"),
        ("{}", "no scorecard"),
        ("not json", "no scorecard"),
        ('{"schema": "portance/scorecard/2"}', "no scorecard"),
    ],
)
def test_what_is_no_scorecard_is_refused_before_anything_is_written(run, inside, tmp_path, content, says):
    old = tmp_path / "old.json"
    if content is not None:
        old.write_text(content, encoding="utf-8")
    before = (run / "scorecard.json").read_bytes()
    said = inside("grade", str(run), "--against", str(old), "--on", (TODAY + timedelta(days=40)).isoformat())
    assert said.returncode == 2
    assert says in said.stderr
    assert (run / "scorecard.json").read_bytes() == before


def test_a_scorecard_of_another_project_is_refused(run, inside, tmp_path):
    table = json.loads((run / "scorecard.json").read_text(encoding="utf-8"))
    table["project"]["name"] = "Elsewhere"
    (tmp_path / "old.json").write_text(json.dumps(table), encoding="utf-8")
    said = inside("grade", str(run), "--against", str(tmp_path / "old.json"))
    assert said.returncode == 2
    assert "another project" in said.stderr
