"""portance declare writes into the project file as a person would, and asks what is not answered yet."""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorecard.cli.declare_file import save, with_declarations
from scorecard.cli.declare_questions import questions, value_from
from scorecard.cli.errors import CommandError
from scorecard.criteria import Criterion
from scorecard.evidence import Unit
from scorecard.project import Declaration, ProjectFile, parse

Portance = Callable[..., subprocess.CompletedProcess[str]]

TODAY = date(2026, 11, 22)
BEGINNING = """\
# Our service.
[project]
name = "Aid"   # as people know it
users = 300_000

[target]       # nothing yet
"""
DPIA = Declaration(fact="declared.trust.dpia", value=True, owner="Ann", link="https://proof", date=TODAY)
DPIA_TABLE = """
[[declarations]]
# signed by the minister
fact  = "declared.trust.dpia"
owner = "Bob # of the legal service"   # ask him first
value = false
date  = 2024-01-31
link  = "https://old"

[objectives]
p95 = "300 ms"
"""


@pytest.fixture
def aid(tmp_path: Path) -> Path:
    """A project file."""
    path = tmp_path / "portance.toml"
    path.write_text(BEGINNING, encoding="utf-8")
    return path


class TestTheFile:
    def test_a_declaration_is_added_at_the_end_and_nothing_else_changes(self) -> None:
        written = with_declarations(BEGINNING, [DPIA])
        assert written.startswith(BEGINNING)
        assert parse(written.encode()).declarations == (DPIA,)

    def test_one_that_stands_there_is_renewed_in_place_with_its_comments(self) -> None:
        written = with_declarations(BEGINNING + DPIA_TABLE, [DPIA])
        assert parse(written.encode()).declarations == (DPIA,)
        changed = [line for line in written.splitlines() if line not in (BEGINNING + DPIA_TABLE).splitlines()]
        assert changed == [
            'owner = "Ann"  # ask him first',
            "value = true",
            "date  = 2026-11-22",
            'link  = "https://proof"',
        ]
        assert len(written.splitlines()) == len((BEGINNING + DPIA_TABLE).splitlines())

    @pytest.mark.parametrize(
        "content",
        [
            BEGINNING.replace("[project]", "declarations = []\n[project]"),
            BEGINNING + '\n[[declarations]]\nfact = "declared.trust.dpia"\nvalue = false\nlink = """\nlong"""\n'
            'owner = "A"\ndate = 2024-01-31\n',
            BEGINNING + '\n[[declarations]]\n"fact" = "declared.trust.dpia"\n"value" = false\nlink = "x"\n'
            'owner = "A"\ndate = 2024-01-31\n',
            "declarations = [{ fact = 'declared.trust.dpia', value = false, owner = 'A', link = 'x', "
            "date = 2024-01-31 }]\n" + BEGINNING,
        ],
    )
    def test_a_file_that_cannot_be_changed_safely_is_left_as_it_is(self, tmp_path: Path, content: str) -> None:
        path = tmp_path / "portance.toml"
        path.write_text(content, encoding="utf-8")
        with pytest.raises(CommandError, match="by hand"):
            save(path, [DPIA])
        assert path.read_text(encoding="utf-8") == content
        assert [file.name for file in tmp_path.iterdir()] == ["portance.toml"]

    def test_windows_line_ends_the_mode_and_a_link_stay(self, tmp_path: Path) -> None:
        real = tmp_path / "real.toml"
        real.write_bytes(BEGINNING.replace("\n", "\r\n").encode())
        real.chmod(0o640)
        link = tmp_path / "portance.toml"
        link.symlink_to(real)
        save(link, [DPIA])
        assert link.is_symlink()
        assert b"\n" not in real.read_bytes().replace(b"\r\n", b"")
        assert real.stat().st_mode & 0o777 == 0o640

    def test_what_somebody_changed_meanwhile_stays(self, aid: Path) -> None:
        save(aid, [DPIA])
        aid.write_text(aid.read_text().replace("300_000", "400_000"), encoding="utf-8")
        save(aid, [DPIA.model_copy(update={"fact": "declared.trust.register"})])
        found = parse(aid.read_bytes())
        assert found.project.users == 400_000
        assert [d.fact for d in found.declarations] == ["declared.trust.dpia", "declared.trust.register"]

    @given(
        owner=st.text(min_size=1).filter(str.strip),
        link=st.text(min_size=1).filter(str.strip),
        value=st.one_of(st.booleans(), st.integers(0, 10**12), st.floats(0, 1e9), st.text()),
        on=st.dates(),
        tail=st.sampled_from(["", "\n", "\n\n\n", "\n# the end", DPIA_TABLE]),
        end=st.sampled_from(["\n", "\r\n"]),
    )
    def test_whatever_is_said_is_read_back_as_it_was_said(self, owner, link, value, on, tail, end) -> None:
        content = (BEGINNING + tail).replace("\n", end)
        said = Declaration(fact="declared.trust.dpia", value=value, owner=owner, link=link, date=on)
        readable = said.model_copy(update={"owner": _kept(owner), "link": _kept(link), "value": _kept(value)})
        for again in (
            with_declarations(content, [said]),
            with_declarations(with_declarations(content, [DPIA]), [said]),
        ):
            (found,) = tomllib.loads(again)["declarations"]
            assert Declaration.model_validate(found) == readable
            assert [line for line in content.splitlines() if line.startswith("#")] == [
                line for line in again.splitlines() if line.startswith("#")
            ]


def _kept(value: object) -> object:
    """Half a pair of surrogates, which no file can hold, is written as the sign for what cannot be shown."""
    return re.sub("[\ud800-\udfff]", "\ufffd", value) if isinstance(value, str) else value


class TestTheQuestions:
    def test_are_those_of_the_kind_and_the_tier_one_a_fact(self, shipped: tuple[Criterion, ...]) -> None:
        def asked(kind: str, tier: str) -> dict[str, Criterion]:
            about = {"project": {"name": "A", "users": 1, "kind": kind, "tier": tier}, "target": {}}
            found = questions(ProjectFile.model_validate(about), shipped)
            assert len({q.criterion.fact for q in found}) == len(found)
            return {q.criterion.fact: q.criterion for q in found}

        assert "declared.trust.human-decides" in asked("predictive-algorithm", "local")
        assert "declared.trust.human-decides" not in asked("api", "local")
        assert asked("api", "national")["declared.trust.dpia"].blocking
        assert not asked("api", "local")["declared.trust.dpia"].blocking

    def test_one_is_open_until_something_is_declared_that_still_counts(self, shipped: tuple[Criterion, ...]) -> None:
        project = parse((BEGINNING + DPIA_TABLE).encode())
        (dpia,) = [q for q in questions(project, shipped) if q.criterion.fact == DPIA.fact]
        last = date(2024, 1, 31) + timedelta(days=dpia.criterion.max_age_days)
        assert dpia.expires == last
        assert [dpia.open(last + timedelta(days=n)) for n in (-1, 0, 1)] == [False, False, True]

    @pytest.mark.parametrize(
        ("words", "unit", "value"),
        [
            ("Oui", Unit.YES_NO, True), ("n", Unit.YES_NO, False), ("99,9%", Unit.RATIO, "99.9 %"),
            ("99.9 %", Unit.RATIO, "99.9 %"), ("400 ms", Unit.SECOND, "400 ms"), ("12", Unit.COUNT, 12),
            ("1 200", Unit.COUNT, 1200), ("7,5", Unit.SCORE_OF_10, 7.5), (" partly ", Unit.TEXT, "partly"),
            ("Oui", Unit.TEXT, "yes"), ("en partie", Unit.TEXT, "partly"),
        ],
    )  # fmt: skip
    def test_an_answer_is_read_as_people_write_it(self, words: str, unit: Unit, value: object) -> None:
        assert value_from(words, unit) == value

    @pytest.mark.parametrize(
        ("words", "unit"),
        [
            ("maybe", Unit.YES_NO), ("99.9", Unit.RATIO), ("quick", Unit.SECOND), ("many", Unit.COUNT),
            ("1e3", Unit.COUNT), ("nan", Unit.SCORE_OF_10), ("", Unit.TEXT), ("", Unit.YES_NO),
        ],
    )  # fmt: skip
    def test_an_answer_that_is_none_is_refused(self, words: str, unit: Unit) -> None:
        with pytest.raises(ValueError, match="expected"):
            value_from(words, unit)
