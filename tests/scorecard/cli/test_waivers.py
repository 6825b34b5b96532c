"""Waivers that count for nothing: every command refuses them with the line that is wrong."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

HEAD = '[project]\nname = "aid"\nusers = 10\n\n[target]\nurl = "http://127.0.0.1:9"\n'
FAILING = {"security.code_high": 1}


def waiver(criterion: str, days: int) -> str:
    until = datetime.now(UTC).date() + timedelta(days=days)
    return (
        f'\n[[waivers]]\ncriterion = "{criterion}"\nreason = "behind the proxy for now"\n'
        f'approver = "RSSI"\nexpires = {until.isoformat()}\n'
    )


UNKNOWN = waiver("security.no-such-thing", 9), 'criterion = "security.no', "there is no such criterion"
EXPIRED = waiver("security.code-high", -1), "expires", "expired on"


def line_with(text: str, file: Path) -> int:
    return next(n for n, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1) if text in line)


@pytest.mark.parametrize(("toml", "wrong", "says"), [UNKNOWN, EXPIRED])
def test_the_gate_refuses_it_with_its_line(judged_run, inside, toml, wrong, says) -> None:
    run = judged_run(toml=toml, worse=FAILING)
    place = f"portance.toml:{line_with(wrong, run / 'portance.toml')}"
    log = inside("gate", str(run))
    refused = next(line for line in log.stdout.splitlines() if "refused – the waiver of" in line)
    assert (log.returncode, says in refused, f"({place})" in refused) == (1, True, True)
    said = json.loads(inside("gate", str(run), "--json").stdout)["refused_waivers"]
    assert [(one["at"], says in one["reason"]) for one in said] == [(place, True)]
    annotation = inside("gate", str(run), GITHUB_ACTIONS="true").stdout
    assert f"file=portance.toml,line={place.rpartition(':')[2]},title=Waiver refused" in annotation
    assert inside("gate", str(judged_run("sound", toml=waiver("security.code-high", 9), worse=FAILING))).returncode == 0


@pytest.mark.parametrize(("toml", "wrong", "says"), [UNKNOWN, EXPIRED])
def test_grading_again_says_its_line_beside_the_verdict(judged_run, inside, toml, wrong, says) -> None:
    run = judged_run(toml=toml, worse=FAILING)
    said = inside("grade", str(run))
    line = line_with(wrong, run / "portance.toml")
    assert said.returncode == 1
    assert [f"portance.toml:{line}: the waiver of" in one and says in one for one in said.stderr.splitlines()] == [True]
    assert inside("grade", str(run), "--quiet").stderr == ""


def test_a_run_with_a_misspelt_one_is_refused_before_anything_starts(inside, tmp_path) -> None:
    file = tmp_path / "portance.toml"
    file.write_text(HEAD + UNKNOWN[0], encoding="utf-8")
    said = inside("run", "--runs", "here")
    assert (said.returncode, (tmp_path / "here").exists()) == (2, False)
    assert f"portance.toml:{line_with(UNKNOWN[1], file)}: the waiver of security.no-such-thing" in said.stderr
    assert said.stderr.count("\n") == 1


def test_a_check_before_a_commit_says_each_with_its_line(inside, tmp_path) -> None:
    file = tmp_path / "portance.toml"
    sound = HEAD + waiver("security.csp", 9)
    file.write_text(sound, encoding="utf-8")
    assert inside("check", "portance.toml").returncode == 0
    for toml, wrong, says in (UNKNOWN, EXPIRED):
        file.write_text(HEAD + toml + waiver("security.csp", 9), encoding="utf-8")
        said = inside("check", "portance.toml")
        assert said.returncode == 1
        assert f"portance.toml:{line_with(wrong, file)}" in said.stdout
        assert says in said.stdout
