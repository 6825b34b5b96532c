"""portance declare at a terminal."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

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


@pytest.fixture
def aid(tmp_path: Path) -> Path:
    """A project file."""
    path = tmp_path / "portance.toml"
    path.write_text(BEGINNING, encoding="utf-8")
    return path


MISSPELT = """
[[declarations]]
fact = "declared.trust.dpai"
owner = "Bob"
value = false
date = 2024-01-31
link = "https://old"
"""


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
        place = seen.wait_for("Answer (", place)
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
        aid.write_text(BEGINNING + MISSPELT, encoding="utf-8")
        result = portance("declare", "--due", cwd=aid.parent)
        assert result.returncode == 2
        assert "did you mean 'declared.trust.dpia'?" in result.stderr
