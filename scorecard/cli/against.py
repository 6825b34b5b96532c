"""What changed since an earlier grading, in words and as JSON: ``portance grade RUN --against scorecard.json``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from scorecard.cli.errors import CommandError
from scorecard.evidence import Text
from scorecard.grading import Change, Past, differences, revoked_by
from scorecard.quantities import day
from scorecard.reports.json_past import read_past
from scorecard.reports.labels import DECISIONS
from scorecard.reports.words import Words
from scorecard.scorecard import GradeRange, Scorecard

SCHEMA = "portance/differences/1"


def read(path: Path, project: str) -> Past:
    """The earlier scorecard in ``path`` (a file, or a run folder that holds one).

    Raises:
        CommandError: it cannot be read, is no scorecard, or is of another project.
    """
    file = path / "scorecard.json" if path.is_dir() else path
    try:
        old = read_past(file.read_bytes())
    except OSError as error:
        raise CommandError(
            Text(en=f"{file}: cannot be read ({error.strerror})", fr=f"{file} : illisible ({error.strerror})")
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        said = f"{where}: {first['msg']}" if where else str(first["msg"])
        raise CommandError(
            Text(en=f"{file}: no scorecard ({said})", fr=f"{file} : pas une fiche d’évaluation ({said})")
        ) from error
    if old.project != project:
        raise CommandError(
            Text(
                en=f"{file}: a scorecard of another project, “{old.project}”",
                fr=f"{file} : la fiche d’évaluation d’un autre projet, « {old.project} »",
            )
        )
    return old


def lines(old: Past, new: Scorecard, lang: str) -> list[str]:
    """The decision and the grade on both sides, then each question that stands differently."""
    changes = differences(old, new)
    words = Words("fr" if lang == "fr" else "en")
    before, after = (words.gettext(DECISIONS[decision]) for decision in (old.decision, new.decision))
    ends, count = f"{_ends(old.grade)} → {_ends(new.grade)}", len(changes)
    head = Text(
        en=f"Since {day(old.graded_on, 'en')}: {before} → {after}, grade {ends}; "
        f"{count} question{'' if count == 1 else 's'} {'stands' if count == 1 else 'stand'} differently.",
        fr=f"Depuis le {day(old.graded_on, 'fr')} : {before} → {after}, note {ends} ; "
        f"{count} question{'' if count < 2 else 's'} {'a' if count < 2 else 'ont'} changé.",
    )
    return [
        words.say(head),
        *(f"  {words.say(change.text)} ({change.criterion})" for change in changes),
        *(f"  ! {words.say(text)}" for text in revoked_by(old, new)),
    ]


def document(old: Past, new: Scorecard, lang: str) -> str:
    """The same as JSON: both sides, the changes with their causes, and what revokes the earlier go."""
    content = {
        "schema": SCHEMA,
        "project": new.project.name,
        "before": _side(old.graded_on.isoformat(), old.decision.value, old.grade),
        "after": _side(new.graded_on.isoformat(), new.decision.value, new.grade),
        "changes": _changes(differences(old, new), lang),
        "revoked_by": [text.in_(lang) for text in revoked_by(old, new)],
    }
    return json.dumps(content, ensure_ascii=False, indent=1)


def _side(graded_on: str, decision: str, grade: GradeRange) -> dict[str, Any]:
    return {"graded_on": graded_on, "decision": decision, "grade": {"low": grade.low, "high": grade.high}}


def _changes(changes: Sequence[Change], lang: str) -> list[dict[str, Any]]:
    return [
        {
            "criterion": c.criterion,
            "before": None if c.before is None else c.before.value,
            "after": None if c.after is None else c.after.value,
            "causes": [cause.value for cause in c.causes],
            "text": c.text.in_(lang),
        }
        for c in changes
    ]


def _ends(grade: GradeRange) -> str:
    return grade.low if grade.low == grade.high else f"{grade.low}–{grade.high}"
