"""Many projects on one page: what is broken, old or contradictory never looks like a go."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from scorecard.cli.errors import CommandError
from scorecard.cli.portfolio import as_document, gather, lines
from scorecard.cli.portfolio_files import read
from scorecard.grading import grade
from scorecard.portfolio import Portfolio, Project, Standing, Trend
from scorecard.project import ProjectFile
from scorecard.reports import json_report
from scorecard.scorecard import Verdict

TODAY = date(2026, 11, 22)
Run = Callable[..., Path]


@pytest.fixture
def run(tmp_path: Path, criterion, evidence, fact) -> Run:
    """Writes a run of a project below the folder: its p95 (blocking, at most 0.4 s), its warmth (at most 0.4)."""
    criteria = [criterion("p95", blocking=True, warn=0.5), criterion("warmth", weight=2)]

    def make(
        name: str, number: int = 1, p95: float | None = 0.2, warmth: float | None = 0.1, *, where: str = "",
        on: date = TODAY, changed: dict[str, Any] | None = None,
    ) -> Path:  # fmt: skip
        project = ProjectFile.model_validate({"project": {"name": name, "users": 9}, "target": {}})
        found = evidence([fact("load.p95", p95), fact("load.warmth", warmth)], project=name, on=on)
        document = json.loads(json_report.render(grade(project, criteria, [found], (), on), "en"))
        folder = tmp_path / where / f"20261101T0000{number:02}Z-{name}"
        folder.mkdir(parents=True)
        (folder / "portance.toml").write_text(f'[project]\nname = "{name}"\nusers = 9\n[target]\n', encoding="utf-8")
        (folder / "scorecard.json").write_text(json.dumps(document | (changed or {})), encoding="utf-8")
        return folder

    return make


def one(found: Portfolio) -> Project:
    (project,) = found.projects
    return project


def reasons(found: Portfolio) -> dict[str, str]:
    return {item.folder: item.reason.en for item in found.unreadable}


def test_projects_are_told_apart_by_name_and_stand_as_their_last_run(run, tmp_path):
    run("Aid", 1, p95=1.0, where="team/aid")
    run("Aid", 2, where="team/aid")
    run("Masks", 1, p95=1.0)
    run("Tax", 1, p95=None)
    found = gather(tmp_path, TODAY)
    assert [(p.record.name, p.standing) for p in found.projects] == [
        ("Masks", Standing.NO_GO), ("Tax", Standing.UNDETERMINED), ("Aid", Standing.GO),
    ]  # fmt: skip
    assert [p.trend for p in found.projects] == [Trend.FIRST, Trend.FIRST, Trend.BETTER]
    assert (found.runs, sum(found.standings.values())) == (4, 3)


def test_what_blocks_whom_is_counted_and_unknown_is_not_met(run, tmp_path):
    for name, p95 in (("A", 0.1), ("B", 0.45), ("C", 1.0), ("D", None)):
        run(name, p95=p95)
    found = gather(tmp_path, TODAY)
    (reach,) = found.reaches  # "warmth" blocks nobody
    assert (reach.criterion, reach.share_met, reach.failing, reach.unknown) == ("p95", 0.25, ("C",), ("D",))
    assert reach.counts == {Verdict.PASS: 1, Verdict.WARN: 1, Verdict.FAIL: 1, Verdict.UNKNOWN: 1}


def test_a_go_that_time_has_overtaken_is_no_go_any_more(run, tmp_path):
    run("Old", on=TODAY - timedelta(days=31))
    run("Fresh", on=TODAY - timedelta(days=30))
    run("Bound", p95=0.45, on=TODAY - timedelta(days=2))
    run("Ended", p95=0.45, on=TODAY - timedelta(days=2),
        changed={"condition": {"users_cap": 5, "until": "2026-11-21", "because": []}})  # fmt: skip
    stands = {p.record.name: p.standing for p in gather(tmp_path, TODAY).projects}
    assert stands == {
        "Old": Standing.LAPSED, "Fresh": Standing.GO, "Bound": Standing.CONDITIONAL, "Ended": Standing.LAPSED,
    }  # fmt: skip


def test_a_go_ends_with_the_evidence_that_bears_it(run, tmp_path):
    ends = {"sentence": "-", "because": []}
    run("Over", on=TODAY - timedelta(days=3), changed={"validity": ends | {"until": "2026-11-21"}})
    run("Bears", on=TODAY - timedelta(days=3), changed={"validity": ends | {"until": "2026-11-22"}})
    run("Older", on=TODAY - timedelta(days=3), changed={"validity": None, "indicators": []})
    stands = {p.record.name: p.standing for p in gather(tmp_path, TODAY).projects}
    assert stands == {"Over": Standing.LAPSED, "Bears": Standing.GO, "Older": Standing.GO}


def test_the_share_that_reaches_an_official_target_is_read_from_the_scorecards(run, tmp_path):
    for name, colour in (("A", "green"), ("B", "red"), ("C", "green"), ("D", "grey")):
        run(name, changed={"indicators": [{"id": "vde.load-time", "title": "t", "colour": colour, "new": 1}]})
    run("E", changed={"indicators": [{"id": "vde.load-time", "title": "t", "colour": "mauve"}]})
    found = gather(tmp_path, TODAY)
    (target,) = found.targets
    assert (target.known, target.share_green, target.reached) == (3, 2 / 3, False)
    assert [u.folder for u in found.unreadable] == ["20261101T000001Z-E"]
    (said,) = as_document(found, "fr")["indicators"]
    assert (said["colours"], said["goal"]) == ({"green": 2, "grey": 1, "red": 1}, 0.8)
    assert "    67%      3  Load time" in lines(found, "en")
    assert any(line.split() == ["67", "%", "3", "Temps", "de", "chargement"] for line in lines(found, "fr"))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_no_number_that_json_lacks_passes_where_nobody_reads_it(run, tmp_path, number):
    path = run("Edited") / "scorecard.json"
    content = path.read_text(encoding="utf-8")
    assert [p.record.name for p in gather(tmp_path, TODAY).projects] == ["Edited"]  # the control
    path.write_text(content.rstrip().removesuffix("}") + f', "later": {number}}}\n', encoding="utf-8")
    run("Good")
    assert reasons(gather(tmp_path, TODAY)) == {path.parent.name: "scorecard.json is not valid JSON"}


def test_every_broken_or_foreign_folder_is_listed_with_its_reason(run, tmp_path):
    good = run("Good")
    for name, content in (
        ("cut", (good / "scorecard.json").read_text(encoding="utf-8")[:900]),
        ("empty", ""),
        ("other", '{"schema": "somebody/else/1"}'),
        ("list", "[1]"),
        ("nan", '{"schema": "portance/scorecard/1", "grade": NaN}'),
        ("half", '{"schema": "portance/scorecard/1"}'),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "scorecard.json").write_text(content, encoding="utf-8")
    (tmp_path / "holiday" / "pictures").mkdir(parents=True)
    (tmp_path / "begun" / "evidence").mkdir(parents=True)
    (tmp_path / "begun" / "portance.toml").write_text("not toml [", encoding="utf-8")
    (tmp_path / "pipe").mkdir()
    os.mkfifo(tmp_path / "pipe" / "scorecard.json")
    (tmp_path / "latest").symlink_to(good)
    run("Future", on=TODAY + timedelta(days=1))
    found = gather(tmp_path, TODAY)
    assert [p.record.name for p in found.projects] == ["Good"]
    said = reasons(found)
    assert said.pop("20261101T000001Z-Future").startswith("it is dated in the future")
    assert said == {
        "cut": "scorecard.json is cut short",
        "empty": "scorecard.json is cut short",
        "other": "scorecard.json is not of schema portance/scorecard/1",
        "list": "scorecard.json is cut short",
        "nan": "scorecard.json is not valid JSON",
        "half": "scorecard.json: project is wrong",
        "holiday/pictures": "not a run folder",
        "begun": "this run has no scorecard.json",
        "pipe": "scorecard.json is no scorecard",
    }


@pytest.mark.parametrize(
    "changed",
    [
        {"decision": "go"},
        {"decision": "conditional"},
        {"decision": "go", "criteria": []},
        {"decision": "go", "criteria": [{"id": "p95", "title": "p95", "verdict": "unknown", "blocking": True}]},
        {"decision": "maybe"},
        {"grade": {"low": "A", "high": "Z", "score_low": 0.1, "score_high": 1.0}},
        {"project": {"name": "Aid", "kind": "api", "users": "9", "agents": 0}},
    ],
)
def test_a_scorecard_edited_by_hand_is_no_go(run, tmp_path, changed):
    run("Aid", 1, p95=1.0)
    run("Aid", 2, p95=1.0, changed=changed)
    project = one(gather(tmp_path, TODAY))
    assert project.standing is Standing.NO_GO
    assert len(project.record.points) == 1
    assert [item.folder for item in project.newer] == ["20261101T000002Z-Aid"]


def test_a_link_is_followed_outwards_and_never_counted_twice(run, tmp_path):
    run("Aid", where="here/a")
    run("Masks", where="there/m")
    (tmp_path / "here" / "a" / "latest").symlink_to("20261101T000001Z-Aid")
    (tmp_path / "here" / "loop").symlink_to("..")
    (tmp_path / "here" / "again").symlink_to("a")
    (tmp_path / "here" / "masks").symlink_to("../there/m")
    found = gather(tmp_path / "here", TODAY)
    assert (found.runs, [p.record.name for p in found.projects], found.unreadable) == (2, ["Aid", "Masks"], ())


def test_a_later_run_that_cannot_be_read_is_said_beside_the_project(run, tmp_path):
    run("Aid", 1)
    (run("Aid", 2) / "scorecard.json").unlink()
    found = gather(tmp_path, TODAY)
    assert one(found).standing is Standing.GO
    assert one(found).newer[0].reason.en == "this run has no scorecard.json"
    (run("Aid", 3))
    assert one(gather(tmp_path, TODAY)).newer == ()


def test_the_order_of_the_keys_and_long_sentences_do_not_matter(run, tmp_path):
    """Only the head of most files is read: what does not stand there is looked for in the whole."""
    first = run("Aid", 1, p95=1.0)
    run("Aid", 2)
    document = json.loads((first / "scorecard.json").read_text(encoding="utf-8"))
    expected = read(tmp_path, TODAY)[0][0].points[0]
    for written in (
        dict(sorted(document.items(), reverse=True)),
        document | {"decision_reason": "é" * 9000},
        {"schema": document["schema"], "filler": "x" * 3950, **document},
        {k: document[k] for k in sorted(document, key=lambda k: k == "grade")},
    ):
        for padding in range(0, 200, 7):
            content = json.dumps(written | {"lang": "e" * padding}, ensure_ascii=False)
            (first / "scorecard.json").write_text(content, encoding="utf-8")
            records, broken = read(tmp_path, TODAY)
            assert (records[0].points[0], broken) == (expected, [])


def test_a_folder_without_any_scorecard_is_refused_in_one_line(tmp_path):
    (tmp_path / "pictures").mkdir()
    with pytest.raises(CommandError, match=r"no scorecard below it could be read \(pictures: not a run folder\)"):
        gather(tmp_path, TODAY)
    with pytest.raises(CommandError, match="not a folder"):
        gather(tmp_path / "nowhere", TODAY)


def test_the_terminal_and_the_json_say_the_same_in_both_languages(run, tmp_path):
    run("Aid\x1b[31m\nred", 1, p95=1.0, where="a")
    run("Masks", 1)
    (tmp_path / "foreign").mkdir()
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/z\xff\x1b[31m")).mkdir()
    found = gather(tmp_path, TODAY)
    assert found.unreadable[-1].folder == "z\ufffd\ufffd[31m"
    document = json.loads(json.dumps(as_document(found, "fr")))
    assert document["standings"]["no_go"] == 1
    assert document["projects"][0]["failing"] == ["p95"]
    assert document["unreadable"][0]["reason"] == "ce n’est pas un dossier d’évaluation"
    for lang, words in (("en", "No go"), ("fr", "Pas de feu vert")):
        text = "\n".join(lines(found, lang, tmp_path / "portfolio.html"))
        assert "\x1b" not in text
        assert re.search(rf"^ +1 +50\u202f?%  {words}$", text, re.MULTILINE)
        assert "foreign" in text
        assert text.splitlines()[-1].endswith("portfolio.html")
