"""portance declare: what is written, what is refused, and what expires."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorecard.cli import declare_answers, declare_due
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
        (only,) = self.read(tmp_path, "a.toml", DPIA_TABLE.split("[objectives]")[0], shipped)
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
        from scorecard.evidence import Text

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


class Terminal:
    """The command at a terminal: what is typed, and what is shown."""

    def __init__(self, arguments: list[str], cwd: Path) -> None:
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "scorecard.cli", *arguments],
            cwd=cwd,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, "TERM": "dumb", "COLUMNS": "100", "LANG": "C.UTF-8"},
            start_new_session=True,
        )
        os.close(slave)
        os.set_blocking(self.master, False)
        self.shown = ""

    def wait_for(self, words: str, after: int = 0) -> int:
        """Read until ``words`` are shown beyond ``after``; returns where they end. Bounded by a minute."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            self._read()
            place = self.shown.find(words, after)
            if place >= 0:
                return place + len(words)
            time.sleep(0.02)
        raise AssertionError(f"{words!r} was not shown in {self.shown[after:]!r}")

    def type(self, words: str) -> None:
        os.write(self.master, words.encode())

    def end(self) -> int:
        code = self.process.wait(timeout=60)
        self._read()
        return code

    def _read(self) -> None:
        try:
            self.shown += os.read(self.master, 65536).decode("utf-8", "replace")
        except (BlockingIOError, OSError):
            return


@pytest.fixture
def at_terminal() -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def start(*arguments: str, cwd: Path) -> Terminal:
        opened.append(Terminal(list(arguments), cwd))
        return opened[-1]

    yield start
    for terminal in opened:
        if terminal.process.poll() is None:
            terminal.process.kill()
            terminal.process.wait()
        os.close(terminal.master)


class TestTheDialogue:
    def test_asks_keeps_each_answer_at_once_and_ends_when_told(
        self, aid: Path, at_terminal: Callable[..., Terminal]
    ) -> None:
        seen = at_terminal("declare", "--lang", "fr", "--domain", "trust", "--on", "2026-11-22", cwd=aid.parent)
        place = seen.wait_for("Confiance, bloquant")
        place = seen.wait_for("Réponse (oui ou non) > ", place)
        seen.type("peut-être\n")
        place = seen.wait_for("Attendu\u202f: oui ou non.", place)
        place = seen.wait_for("Réponse (oui ou non) > ", place)
        seen.type("oui\n")
        place = seen.wait_for("Qui en répond (un nom) > ", place)
        seen.type("\n")
        place = seen.wait_for("Attendu\u202f: un nom.", place)
        place = seen.wait_for("Qui en répond (un nom) > ", place)
        seen.type("Zoé Martin\n")
        place = seen.wait_for("Où est la preuve (une adresse ou un lieu) > ", place)
        seen.type("https://proof/1\n")
        place = seen.wait_for("En date du (2026-11-22) > ", place)
        seen.type("2027-01-01\n")
        place = seen.wait_for("En date du (2026-11-22) > ", place)
        seen.type("2026-10-01\n")
        place = seen.wait_for("Réponse (oui ou non) > ", place)
        (first,) = parse(aid.read_bytes()).declarations
        assert first == Declaration(
            fact="declared.trust.dpia", value=True, owner="Zoé Martin", link="https://proof/1", date=date(2026, 10, 1)
        )
        seen.type("\n")  # skipped
        place = seen.wait_for("Réponse (oui ou non) > ", place)
        seen.type("non\n")
        place = seen.wait_for("Qui en répond (Zoé Martin) > ", place)
        seen.type("q\n")
        place = seen.wait_for("1 déclaration écrite dans", place)
        assert seen.end() == 0
        assert parse(aid.read_bytes()).declarations == (first,)
        assert aid.read_text(encoding="utf-8").startswith(BEGINNING)

    def test_an_interruption_keeps_what_was_answered(self, aid: Path, at_terminal: Callable[..., Terminal]) -> None:
        seen = at_terminal("declare", "--domain", "change", "--owner", "Ann", "--on", "2026-11-22", cwd=aid.parent)
        place = seen.wait_for("Answer (yes or no) > ")
        seen.type("y\n")
        place = seen.wait_for("Who answers for it (Ann) > ", place)
        seen.type("\n")
        place = seen.wait_for("Where the proof is", place)
        seen.type("wiki\n")
        place = seen.wait_for("As of (2026-11-22) > ", place)
        seen.type("\n")
        place = seen.wait_for("Answer (yes or no) > ", place)
        seen.process.send_signal(signal.SIGINT)
        assert seen.end() == 2
        assert [d.owner for d in parse(aid.read_bytes()).declarations] == ["Ann"]

    def test_the_end_of_input_ends_it(self, aid: Path, at_terminal: Callable[..., Terminal]) -> None:
        seen = at_terminal("declare", "--domain", "reuse", cwd=aid.parent)
        seen.wait_for("Answer (yes or no) > ")
        seen.type("\x04")
        assert seen.end() == 0
        assert aid.read_text(encoding="utf-8") == BEGINNING

    def test_nothing_is_asked_where_nobody_is(self, aid: Path, portance: Portance) -> None:
        result = portance("declare", cwd=aid.parent)
        assert result.returncode == 2
        assert result.stderr == (
            "portance: nobody to ask: this is no terminal; give answers with --from FILE (TOML or CSV)\n"
        )
        assert aid.read_text(encoding="utf-8") == BEGINNING

    def test_a_project_file_that_is_wrong_already_is_said_first(self, aid: Path, portance: Portance) -> None:
        aid.write_text(BEGINNING + DPIA_TABLE.replace("trust.dpia", "trust.dpai"), encoding="utf-8")
        result = portance("declare", "--due", cwd=aid.parent)
        assert result.returncode == 2
        assert "did you mean 'declared.trust.dpia'?" in result.stderr
