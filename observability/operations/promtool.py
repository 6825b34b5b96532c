"""promtool, Prometheus' own judge of rules: what it checks, and what it computes from a history that is made up."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from observability.operations import OperationsError
from scorecard import processes
from scorecard.evidence import Text

PROGRAM = "promtool"
TIMEOUT_S = 120.0

_FOUND = re.compile(r"SUCCESS: (\d+) rules? found")
_SAID_OF_FILE = re.compile(r"^Unit Testing:\s+(?P<file>.+?)\s*$(?P<said>.*?)(?=^Unit Testing:|\Z)", re.M | re.S)
_GOT = re.compile(r'expr: ("(?:[^"\\]|\\.)*"), time: \S+\s+exp: [^\n]*\n\s+got: \{\} (\S+)')
_COMPARED = re.compile(r"^\s+(expr|alertname): ", re.M)


class PromtoolError(OperationsError):
    """promtool gave no answer; ``text`` says why, in both languages."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


@dataclass(frozen=True)
class Checked:
    """What promtool says of rule files: rules found, and its words where it refuses one (None when it does not)."""

    rules: int
    refused: str | None


def check_rules(files: Sequence[Path]) -> Checked:
    """Whether Prometheus would take the rules in ``files``, and how many it sees there.

    Raises:
        PromtoolError: promtool is not installed or does not end in time.
    """
    code, said = _run(["check", "rules", *(str(file) for file in files)])
    found = sum(int(number) for number in _FOUND.findall(said))
    return Checked(found, None if code == 0 else _last_words(said))


def test_rules(files: Sequence[Path]) -> dict[str, bool | None]:
    """For each file of unit tests, by its name: whether what it expects came true.

    None where promtool could not compute it at all: a file it cannot read, a rule it cannot evaluate.

    Raises:
        PromtoolError: promtool is not installed, does not end in time, or does not speak of each file.
    """
    code, said = _run(["test", "rules", *(str(file) for file in files)])
    told = {Path(found["file"]).name: found["said"] for found in _SAID_OF_FILE.finditer(said)}
    results = {file.name: _result(told[file.name]) for file in files if file.name in told}
    if len(results) != len(files) or (code == 0) != all(results.values()):
        raise PromtoolError(_unreadable(said))
    return results


def evaluate(files: Sequence[Path]) -> dict[str, dict[str, float]]:
    """Values of the queries in ``files`` of unit tests, by file name and query.

    The tests expect no sample at all, so that promtool reports what each query gives: a query must always give one.

    Raises:
        PromtoolError: promtool is not installed, does not end in time, or leaves a file without an answer.
    """
    _, said = _run(["test", "rules", *(str(file) for file in files)])
    values: dict[str, dict[str, float]] = {}
    for found in _SAID_OF_FILE.finditer(said):
        values[Path(found["file"]).name] = {_unquoted(e): float(value) for e, value in _GOT.findall(found["said"])}
    if any(not values.get(file.name) for file in files):
        raise PromtoolError(_unreadable(said))
    return values


def takes(expressions: Sequence[str], folder: Path) -> list[bool]:
    """For each expression, whether Prometheus can read it; files are made in ``folder``.

    Raises:
        PromtoolError: promtool is not installed or does not end in time.
    """

    def file_of(number: int, expression: str) -> Path:
        path = folder / f"{number}.yaml"
        rule = {"record": "expression:taken", "expr": expression}
        path.write_text(yaml.safe_dump({"groups": [{"name": "expressions", "rules": [rule]}]}), encoding="utf-8")
        return path

    files = [file_of(number, expression) for number, expression in enumerate(expressions)]
    if check_rules(files).refused is None:
        return [True] * len(files)
    return [check_rules([file]).refused is None for file in files]


def version() -> str:
    """Version of promtool. Raises PromtoolError like :func:`check_rules`."""
    _, said = _run(["--version"])
    found = re.search(r"version (\d[\w.+-]*)", said)
    return "unknown" if found is None else found[1]


def _result(said: str) -> bool | None:
    if "FAILED" not in said:
        return True if "SUCCESS" in said else None
    return False if _COMPARED.search(said) else None


def _unquoted(text: str) -> str:
    """What Go wrote between quotes."""
    try:
        return str(json.loads(text))
    except ValueError as error:
        raise PromtoolError(_unreadable(text)) from error


def _unreadable(said: str) -> Text:
    return Text(
        en=f"promtool did not compute what it was asked: {_last_words(said)}",
        fr=f"promtool n’a pas calculé ce qui lui était demandé : {_last_words(said)}",
    )


def _last_words(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return lines[-1][:300] if lines else ""


def _run(arguments: Sequence[str]) -> tuple[int, str]:
    program = shutil.which(PROGRAM)
    if program is None:
        raise PromtoolError(NOT_INSTALLED)
    try:
        done = processes.run(
            [program, *arguments], timeout_s=TIMEOUT_S, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
    except subprocess.TimeoutExpired as error:
        raise PromtoolError(
            Text(
                en=f"promtool had not finished after {TIMEOUT_S:.0f} s and was stopped",
                fr=f"promtool n’avait pas fini au bout de {TIMEOUT_S:.0f} s et a été arrêté",
            )
        ) from error
    return done.returncode, done.stdout.decode("utf-8", "replace")


NOT_INSTALLED = Text(
    en="promtool is not installed here: it comes with Prometheus (on Debian: apt install prometheus)",
    fr="promtool n’est pas installé ici : il vient avec Prometheus (sous Debian : apt install prometheus)",
)
