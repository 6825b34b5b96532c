"""The baseline: an earlier scorecard of the same project that this one must not fall behind."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pydantic import ValidationError

from scorecard.evidence import Evidence, Finding, Text
from scorecard.findings.baseline import State, compared, not_looked_again
from scorecard.grading import Past, past
from scorecard.quantities import day
from scorecard.reports.json_past import read_past
from scorecard.reports.places import set_aside
from scorecard.scorecard import Judged, Scorecard, Verdict

_FAILED = (Verdict.FAIL, Verdict.WAIVED)
_SILENT = (Verdict.UNKNOWN, Verdict.NOT_APPLICABLE)


class BaselineError(Exception):
    """The baseline is none that this run can be compared with; ``text`` says why."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


@dataclass(frozen=True)
class Baseline:
    """An earlier judgement, and what the log calls it.

    ``evidence`` is that of the run, which holds its findings; None where only its ``scorecard.json`` was given. Two
    baselines of one judgement are the same.
    """

    name: str
    past: Past
    evidence: tuple[Evidence, ...] | None = field(default=None, compare=False)


def of_card(card: Scorecard, name: str, lang: Literal["en", "fr"] = "en") -> Baseline:
    """The baseline that ``card`` makes, in the words of ``lang``."""
    return Baseline(name, past(card, lang), card.evidence)


def of_json(content: bytes, name: str) -> Baseline:
    """The baseline in the bytes of a ``scorecard.json``. Raises BaselineError: it is none."""
    try:
        return Baseline(name, read_past(content))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        said = f"{where}: {first['msg']}" if where else str(first["msg"])
        raise BaselineError(
            Text(
                en=f"the baseline {name} is no scorecard ({said})",
                fr=f"la référence {name} n’est pas une fiche d’évaluation ({said})",
            )
        ) from error


def check(baseline: Baseline, card: Scorecard) -> None:
    """Refuse a baseline that would make any run look as good as before.

    Raises:
        BaselineError: it is of another project, holds no verdict, is younger than the run, or is the run itself.
    """
    name, then = baseline.name, baseline.past
    if then.project != card.project.name:
        raise BaselineError(
            Text(
                en=f"the baseline {name} is of another project, “{then.project}”",
                fr=f"la référence {name} porte sur un autre projet, « {then.project} »",
            )
        )
    if not any(verdict not in _SILENT for verdict in then.verdicts.values()):
        raise BaselineError(
            Text(
                en=f"the baseline {name} is empty: it answers no question, so nothing could ever be worse",
                fr=f"la référence {name} est vide : elle ne répond à aucune question, rien ne pourrait être pire",
            )
        )
    if then.graded_on > card.graded_on:
        raise BaselineError(
            Text(
                en=f"the baseline {name} was judged on {day(then.graded_on, 'en')}, after this run",
                fr=f"la référence {name} a été évaluée le {day(then.graded_on, 'fr')}, après cette évaluation",
            )
        )
    if frozenset(then.digests.values()) == frozenset(e.digest for e in card.evidence):
        raise BaselineError(
            Text(
                en=f"the baseline {name} is this very run: its evidence is the same",
                fr=f"la référence {name} est cette évaluation même : ses preuves sont identiques",
            )
        )


def new_failures(baseline: Baseline, card: Scorecard) -> list[Judged]:
    """Questions not met now that were not failures in the baseline, the blocking first; waived ones are accepted."""
    found = [
        j
        for j in card.judged
        if j.verdict is Verdict.FAIL and baseline.past.verdicts.get(j.criterion.id) not in _FAILED
    ]
    return sorted(found, key=lambda j: (not j.criterion.blocking, -j.criterion.weight, j.criterion.id))


def lost_answers(baseline: Baseline, card: Scorecard) -> list[Judged]:
    """Questions without an answer now that had one in the baseline, the blocking first."""
    known = [name for name, verdict in baseline.past.verdicts.items() if verdict not in _SILENT]
    found = [j for j in card.judged if j.verdict is Verdict.UNKNOWN and j.criterion.id in known]
    return sorted(found, key=lambda j: (not j.criterion.blocking, -j.criterion.weight, j.criterion.id))


def new_findings(baseline: Baseline, card: Scorecard) -> tuple[Finding, ...] | None:
    """Findings that the baseline does not have and that nobody set aside; None where it does not hold its findings."""
    if baseline.evidence is None:
        return None
    states = compared(card.evidence, baseline.evidence)
    return tuple(c.finding for c in states if c.state is State.NEW and not set_aside(c.finding, card))


def not_scanned_again(baseline: Baseline, card: Scorecard) -> tuple[str, ...]:
    """Evidence whose findings the baseline holds and of which this run does not know whether new ones stand there."""
    return () if baseline.evidence is None else not_looked_again(card.evidence, baseline.evidence)
