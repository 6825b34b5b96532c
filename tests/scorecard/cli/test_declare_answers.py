"""portance declare --from: every wrong line is named, and then nothing is written."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from scorecard.cli import declare_answers
from scorecard.criteria import Criterion
from scorecard.project import parse

Portance = Callable[..., subprocess.CompletedProcess[str]]

TODAY = date(2026, 11, 22)
BEGINNING = """\
# Our service.
[project]
name = "Aid"   # as people know it
users = 300_000

[target]       # nothing yet
"""


@pytest.fixture
def aid(tmp_path: Path) -> Path:
    """A project file."""
    path = tmp_path / "portance.toml"
    path.write_text(BEGINNING, encoding="utf-8")
    return path


TABLE = """
[[declarations]]
fact = "declared.trust.dpia"
owner = "Bob # of the legal service"   # ask him first
value = false
date = 2024-01-31
link = "https://old"
"""
GOOD_CSV = (
    "fact;value;owner;link;date\n"
    "declared.trust.dpia;oui;Ann;https://proof;2026-01-02\n"
    '\ndeclared.vde.availability;99,95 %;"Bob; and Co";"https://a,b";2026-01-03\n'
)


class TestAnswersFromAFile:
    def read(self, tmp_path: Path, name: str, content: str, shipped: tuple[Criterion, ...]):
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        return declare_answers.read(path, shipped, TODAY)

    def test_csv_with_either_separator(self, tmp_path: Path, shipped: tuple[Criterion, ...]) -> None:
        one, other = self.read(tmp_path, "a.csv", GOOD_CSV, shipped)
        assert (one.value, other.value, other.owner, other.link) == (True, "99.95 %", "Bob; and Co", "https://a,b")
        commas = "\ufefffact,value,owner,link,date\ndeclared.trust.dpia,no,Ann,https://x,2026-01-02\n"
        assert self.read(tmp_path, "b.csv", commas, shipped)[0].value is False

    def test_toml_in_the_words_of_a_project_file(self, tmp_path: Path, shipped: tuple[Criterion, ...]) -> None:
        (only,) = self.read(tmp_path, "a.toml", "# ours\n" + TABLE, shipped)
        assert only.owner == "Bob # of the legal service"

    @pytest.mark.parametrize(
        ("name", "content", "complaints"),
        [
            (
                "a.csv",
                GOOD_CSV
                + "declared.trust.nothing;oui;Ann;x;2026-01-02\n"
                + "declared.trust.register;perhaps;Ann;x;2026-01-02\n"
                + "declared.trust.rights;oui;;x;2026-01-02\n"
                + "declared.trust.breach;oui;Ann;x;tomorrow\n"
                + "declared.trust.hosting;oui;Ann;x;2027-01-01\n"
                + "declared.trust.processors;oui\n"
                + "declared.vde.reachable;120 %;Ann;x;2026-01-02\n",
                [
                    "a.csv:5: no criterion asks for 'declared.trust.nothing'",
                    "a.csv:6: declared.trust.register: yes or no is expected (got 'perhaps')",
                    "a.csv:7: owner: missing",
                    "a.csv:8: date: a day such as 2026-11-22 is expected (got 'tomorrow')",
                    "a.csv:9: date: 2027-01-01 is in the future",
                    "a.csv:10: unknown key '2 cells'",
                    "a.csv:11: declared.vde.reachable: expected a value between 0 and 1, got '120 %'",
                ],
            ),
            ("a.csv", GOOD_CSV + GOOD_CSV.split("\n", 1)[1], ["a.csv:2: declared.trust.dpia stands 2 times"] * 1),
            ("a.csv", "fact;value\n", ["a.csv: the first line names the columns"]),
            ("a.csv", "", ["a.csv: the first line names the columns"]),
            ("a.csv", "fact;value;owner;link;date\n", ["a.csv: holds no declarations"]),
            ("a.toml", "", ["a.toml: holds no declarations"]),
            ("a.toml", "[[declarations]\n", ["a.toml: "]),
            ("a.toml", "[project]\n", ["a.toml: unknown table 'project'"]),
            ("a.toml", "declarations = 3\n", ["a.toml: answers are tables of a list"]),
            (
                "a.toml",
                '# one\n\n[[declarations]]\nfact = "declared.trust.dpia"\n[[declarations]]\n'
                'fact = "declared.trust.register"\nvalue = "oui"\nowner = "A"\nlink = "x"\ndate = 2026-01-02\n',
                ["a.toml:3: value: missing", "a.toml:5: declared.trust.register: expected true or false, got 'oui'"],
            ),
            (
                "a.toml",
                '[[declarations]]\nfact = "declared.trust.dpia"\nvalue = [1]\nowner = "A"\nlink = "x"\n'
                "date = 2026-01-02\n",
                ["a.toml:1: declared.trust.dpia: a value is expected"],
            ),
        ],
    )
    def test_every_line_that_is_wrong_is_named_with_its_number(
        self, tmp_path: Path, shipped: tuple[Criterion, ...], name: str, content: str, complaints: list[str]
    ) -> None:
        with pytest.raises(declare_answers.AnswersError) as caught:
            self.read(tmp_path, name, content, shipped)
        assert len(caught.value.lines) >= len(complaints)
        for line, complaint in zip(caught.value.lines, complaints, strict=False):
            assert line.startswith(complaint), line
        assert len(complaints) < 7 or len(caught.value.lines) == len(complaints)

    def test_the_command_writes_all_or_nothing(self, aid: Path, portance: Portance) -> None:
        answers = aid.parent / "answers.csv"
        answers.write_text(GOOD_CSV + "declared.trust.rights;oui;;x;2026-01-02\n", encoding="utf-8")
        refused = portance("declare", "--from", "answers.csv", cwd=aid.parent)
        assert refused.returncode == 2
        assert refused.stderr.splitlines() == [
            "answers.csv:5: owner: missing",
            "portance: nothing was written: 1 wrong in answers.csv",
        ]
        assert aid.read_text(encoding="utf-8") == BEGINNING
        answers.write_text(GOOD_CSV, encoding="utf-8")
        taken = portance("declare", "--from", "answers.csv", "--json", cwd=aid.parent)
        assert (taken.returncode, json.loads(taken.stdout)["declared"]) == (0, 2)
        assert [d.fact for d in parse(aid.read_bytes()).declarations] == [
            "declared.trust.dpia", "declared.vde.availability",
        ]  # fmt: skip
