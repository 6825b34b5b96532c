"""A run as it is sent: the files it was judged on, judged again before it is kept."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import Field

from scorecard.evidence import Strict, Text
from scorecard.publication.errors import Refusal
from scorecard.scorecard import Scorecard

SCORECARD = "scorecard.json"
STATE = "run.json"
NEEDED = ("portance.toml", STATE, SCORECARD)

ALLOWED = re.compile(
    r"portance\.toml|run\.json|scorecard\.json|(evidence|criteria)/[a-z0-9][a-z0-9_.-]*\.(json|toml)|[a-z][a-z0-9-]*\.intoto\.json"
)
"""Files of a run that it is judged on, or that prove it; raw output of tools and pages stay where they were made."""

Judge = Callable[[Path], tuple[Scorecard, str]]
"""Judges the run in a folder as of the day it was graded on: its scorecard, and the scorecard.json that this gives.

It raises Refusal (422) where the folder cannot be judged. It is handed in: reading folders is the command line's."""


class Submission(Strict):
    """What ``portance publish`` sends."""

    folder: str = Field(pattern=r"^\d{8}T\d{6}Z[a-z0-9-]{0,60}$", description="Name of the run's folder.")
    files: dict[str, str] = Field(max_length=500)


def files_of(folder: Path) -> dict[str, str]:
    """The files of a run folder that are sent, by their names in it. Raises OSError or UnicodeDecodeError."""
    found = sorted(p for p in folder.rglob("*") if p.is_file() and not p.is_symlink())
    names = {p.relative_to(folder).as_posix(): p for p in found}
    return {name: path.read_text(encoding="utf-8") for name, path in names.items() if ALLOWED.fullmatch(name)}


def judged(submission: Submission, judge: Judge) -> Scorecard:
    """The judgement of what was sent, made anew.

    Raises:
        Refusal: 422 with the reason: a file that does not belong or is missing, a run that did not end, evidence that
            was changed, a scorecard that its evidence does not give.
    """
    for name in submission.files:
        if not ALLOWED.fullmatch(name):
            raise _refused(f"{name}: not a file of a run", f"{name} : pas un fichier d’une évaluation")
    for name in NEEDED:
        if name not in submission.files:
            raise _refused(f"{name} is missing", f"{name} manque")
    if not any(name.startswith("evidence/") for name in submission.files):
        raise _refused("there is no evidence", "il n’y a pas de preuve")
    state = _state(submission.files[STATE])
    if state != "completed":
        raise _refused(
            f"the run did not go to its end (state: {state})",
            f"l’évaluation n’est pas allée à son terme (état : {state})",
        )
    with TemporaryDirectory(prefix="portance-publication-") as folder:
        _write(Path(folder), submission.files)
        card, document = judge(Path(folder))
    if card.problems:
        raise Refusal(422, card.problems[0])
    if document != submission.files[SCORECARD]:
        raise _refused(
            "scorecard.json is not what its evidence gives here: it was changed, or judged by another version; "
            "grade the run again and publish it anew",
            "scorecard.json n’est pas ce que donnent ici ses preuves : il a été modifié, ou jugé par une autre "
            "version ; noter l’évaluation à nouveau et la republier",
        )
    return card


def _state(content: str) -> str:
    try:
        return str(json.loads(content)["state"])
    except (ValueError, KeyError, TypeError):
        return "unknown"


def _write(folder: Path, files: Mapping[str, str]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, encoding="utf-8")


def _refused(en: str, fr: str) -> Refusal:
    return Refusal(422, Text(en=en, fr=fr))
