"""portance declare --due: what expires when, as text, data and a calendar."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorecard.cli import declare_due
from scorecard.cli.declare_file import with_declarations
from scorecard.criteria import Criterion
from scorecard.evidence import Text
from scorecard.project import Declaration, parse

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


WAIVED = """
[[waivers]]
criterion = "security.csp"
reason = "Known, and mended soon"
approver = "Zoé; CISO"
expires = 2026-12-01
"""


class TestWhatExpires:
    @pytest.fixture
    def found(self, shipped: tuple[Criterion, ...]) -> tuple[declare_due.Due, ...]:
        return declare_due.due(parse((BEGINNING + WAIVED + DPIA_TABLE).encode()), shipped)

    def test_declarations_and_waivers_are_listed_the_first_first(self, found: tuple[declare_due.Due, ...]) -> None:
        assert [(d.kind, d.name, d.owner) for d in found] == [
            ("waiver", "security.csp", "Zoé; CISO"),
            ("declaration", "declared.trust.dpia", "Bob # of the legal service"),
        ]
        assert found[1].until == date(2024, 1, 31) + timedelta(days=1095)

    @pytest.mark.parametrize(
        ("on", "en", "fr"),
        [
            (date(2026, 12, 2), "expired on 1 December 2026", "a expiré le 1er décembre 2026"),
            (date(2026, 12, 1), "expires today, 1 December 2026", "expire aujourd’hui, 1er décembre 2026"),
            (date(2026, 11, 30), "until 1 December 2026, 1 day left", "jusqu’au 1er décembre 2026, encore 1 jour"),
            (TODAY, "until 1 December 2026, 9 days left", "jusqu’au 1er décembre 2026, encore 9 jours"),
        ],
    )
    def test_the_last_day_counts(self, found: tuple[declare_due.Due, ...], on: date, en: str, fr: str) -> None:
        said = declare_due.sentence(found[0], on)
        assert (said.en, said.fr) == (en, fr)
        assert found[0].expired(on) == (on > date(2026, 12, 1))

    def test_only_what_is_near_is_listed_when_asked(self, found: tuple[declare_due.Due, ...]) -> None:
        assert [d.name for d in declare_due.within(found, TODAY, 9)] == ["security.csp"]
        assert declare_due.within(found, TODAY, 8) == ()
        assert len(declare_due.within(found, date(2030, 1, 1), 0)) == 2
        assert declare_due.within(found, TODAY, None) == found

    @pytest.mark.parametrize("lang", ["en", "fr"])
    def test_the_calendar_is_one_that_calendars_read(self, found: tuple[declare_due.Due, ...], lang: str) -> None:
        text = declare_due.calendar(found, "Aide d’urgence, volet 2; suite", TODAY, lang)
        assert text.endswith("END:VCALENDAR\r\n")
        assert "\n" not in text.replace("\r\n", "")
        assert max(len(line.encode()) for line in text.split("\r\n")) <= 75
        events = [dict(reversed(event)) for event in events_of(text)]  # of two, the event's before its alarm's
        assert [e["DTSTART;VALUE=DATE"] for e in events] == ["20261201", "20270130"]
        assert [e["DTEND;VALUE=DATE"] for e in events] == ["20261202", "20270131"]
        assert len({e["UID"] for e in events}) == 2
        assert {e["TRIGGER"] for e in events} == {"-P14D"}
        assert found[0].title.in_(lang) in events[0]["SUMMARY"]
        assert "Aide d’urgence, volet 2; suite" in events[0]["SUMMARY"]
        assert events[0]["DESCRIPTION"].split("\n")[1] == "Zoé; CISO"

    def test_a_renewed_declaration_moves_its_event_instead_of_making_another(
        self, found: tuple[declare_due.Due, ...], shipped: tuple[Criterion, ...]
    ) -> None:
        later = declare_due.due(parse(with_declarations(BEGINNING + DPIA_TABLE, [DPIA]).encode()), shipped)
        before, after = (
            {e["UID"]: e["DTSTART;VALUE=DATE"] for e in map(dict, events_of(declare_due.calendar(f, "A", TODAY, "en")))}
            for f in (found[1:], later)
        )
        assert before.keys() == after.keys()
        assert before != after

    @given(st.text())
    def test_whatever_a_name_holds_the_lines_stay_lines(self, name: str) -> None:
        item = declare_due.Due("waiver", "x", Text(en=name, fr=name), name, name, TODAY)
        clean = name.encode("utf-8", "replace").decode()
        item = declare_due.Due("waiver", "x", Text(en=clean, fr=clean), clean, clean, TODAY)
        (event,) = events_of(declare_due.calendar([item], clean, TODAY, "en"))
        assert dict(event)["DTSTART;VALUE=DATE"] == "20261122"

    def test_the_command_lists_and_exits_1_when_something_has_expired(self, aid: Path, portance: Portance) -> None:
        aid.write_text(BEGINNING + WAIVED + DPIA_TABLE, encoding="utf-8")
        good = portance("declare", "--due", "--on", "2026-11-22", "--lang", "fr", cwd=aid.parent)
        assert good.returncode == 0
        assert good.stdout.splitlines()[0] == (
            "2026-12-01  security.csp  Une politique de sécurité du contenu est en vigueur\u202f: Zoé; CISO, "
            "jusqu’au 1er décembre 2026, encore 9 jours"
        )
        late = portance("declare", "--due", "--on", "2026-12-02", "--within", "0", "--json", cwd=aid.parent)
        assert late.returncode == 1
        assert [(row["name"], row["expired"]) for row in json.loads(late.stdout)] == [("security.csp", True)]
        ics = portance("declare", "--due", "--on", "2026-11-22", "--format", "ics", cwd=aid.parent)
        assert ics.stdout.startswith("BEGIN:VCALENDAR\n")  # read as text; the bytes end in CRLF
        assert ics.stdout.count("BEGIN:VEVENT") == 2


def events_of(text: str) -> list[list[tuple[str, str]]]:
    """The events of a calendar: unfolded, unescaped names and values; a small reader of its own as a control."""
    lines = text.replace("\r\n ", "").split("\r\n")
    found: list[list[tuple[str, str]]] = []
    for line in lines:
        name, _, value = line.partition(":")
        if line == "BEGIN:VEVENT":
            found.append([])
        elif found and line:
            plain = re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], value)
            found[-1].append((name, plain))
    return found
