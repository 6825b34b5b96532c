"""A load that is cut off goes on from its last step, and says so."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from loadtests import load
from loadtests.load import collect_load
from loadtests.step_log import NAME, head_of, open_log
from scorecard.evidence import Evidence
from scorecard.project import ProjectFile

pytestmark = pytest.mark.usefixtures("brief")
_PROJECT = ProjectFile.model_validate({"project": {"name": "Aide", "users": 1_000}, "target": {}})
_HEAD = head_of(_PROJECT, "quick")
_NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def lines(folder: Path) -> list[dict[str, Any]]:
    path = folder / "raw" / "load" / NAME
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def rows(evidence: Evidence) -> list[tuple[Any, ...]]:
    (table,) = evidence.tables
    kept = ("phase", "offered", "p95", "started", "ended", "outcome")
    places = [[column.name for column in table.columns].index(name) for name in kept]
    return [tuple(row[place] for place in places) for row in table.rows]


def test_a_load_cut_off_by_ctrl_c_goes_on_from_its_last_step(
    serve: Any, respond: Any, site_of: Any, tmp_path: Path, brief: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "BUDGETS", {"quick": replace(brief, most=2, confirmations=2)})

    async def handler(request: Any) -> Any:
        return respond(200, b"dossier")

    url = serve(handler).url

    def cut_off(*_: object) -> None:
        if sum("report" in line for line in lines(tmp_path)) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        collect_load(site_of(url, progress=cut_off))
    first = lines(tmp_path)
    traces = tmp_path / "raw" / "load" / "sent-traces.jsonl"
    sent_first = traces.read_text(encoding="utf-8")

    evidence = collect_load(site_of(url))
    whole = lines(tmp_path)
    assert whole[: len(first)] == first
    attempts = [line for line in whole if "attempt" in line]
    assert [attempt["attempt"] for attempt in attempts] == [0, 1]
    assert attempts[0]["seed"] != attempts[1]["seed"]
    steps = [line for line in whole if "report" in line]
    assert len(steps) > 2
    # nothing that was measured is offered again
    assert len(rows(evidence)) == len(steps)
    assert [row[:2] for row in rows(evidence)] == [(step["phase"], step["rate"]) for step in steps]
    assert [row[3][:19] for row in rows(evidence)] == [step["started"][:19] for step in steps]
    sustained = next(fact for fact in evidence.facts if fact.id == "load.sustained_rps")
    assert sustained.value is not None
    assert f"resumed: 2 of {len(steps)} steps" in sustained.detail
    # the spans of the first attempt are gone with it: its requests are not looked for among those of the second
    assert (traces.parent / "attempt-1-sent-traces.jsonl").read_text(encoding="utf-8") == sent_first
    assert not set(sent_first.splitlines()) & set(traces.read_text(encoding="utf-8").splitlines())


def step(phase: str, rate: float, ended: datetime = _NOW) -> dict[str, Any]:
    return {"phase": phase, "rate": rate, "window_s": 4.0, "ended": ended.isoformat(), "report": {}}


def test_a_line_that_was_cut_off_ends_the_log(tmp_path: Path) -> None:
    log = open_log(tmp_path / NAME, _HEAD, 7, _NOW)
    log.add(step("peak", 10.0))
    with log.path.open("a", encoding="utf-8") as file:
        file.write('{"phase": "dou')
    again = open_log(tmp_path / NAME, _HEAD, 8, _NOW)
    assert (again.attempt, len(again.earlier)) == (1, 1)
    again.add(step("double", 20.0))
    assert len(open_log(tmp_path / NAME, _HEAD, 9, _NOW).earlier) == 2


@pytest.mark.parametrize(
    ("head", "later"),
    [
        (_HEAD | {"profile": "standard"}, timedelta()),
        (_HEAD | {"project": "another"}, timedelta()),
        (_HEAD | {"machine": ["another"]}, timedelta()),
        (_HEAD, timedelta(hours=25)),
    ],
    ids=["another profile", "another project file", "another machine", "yesterday"],
)
def test_steps_of_another_load_are_put_aside(head: dict[str, Any], later: timedelta, tmp_path: Path) -> None:
    open_log(tmp_path / NAME, _HEAD, 7, _NOW).add(step("peak", 10.0))
    log = open_log(tmp_path / NAME, head, 8, _NOW + later)
    assert (log.attempt, log.seed, log.earlier) == (0, 8, [])
    assert len(list(tmp_path.glob(f"unused-*-{NAME}"))) == 1


def test_what_follows_a_step_that_is_not_asked_for_is_not_used(tmp_path: Path) -> None:
    log = open_log(tmp_path / NAME, _HEAD, 7, _NOW)
    log.earlier = [step("peak", 10.0), step("double", 20.0), step("double", 40.0)]
    assert log.recall("peak", 10.0, 4.0) is not None
    assert log.recall("double", 30.0, 4.0) is None
    assert log.recall("double", 40.0, 4.0) is None
    assert log.taken == 1
