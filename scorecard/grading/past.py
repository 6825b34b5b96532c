"""An earlier scorecard: as much of it as a later one is held against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from scorecard.scorecard import Decision, GradeRange, Scorecard, Verdict


@dataclass(frozen=True)
class Question:
    """How a question was answered then; its words are in the language of the scorecard."""

    title: str
    verdict: Verdict
    blocking: bool
    weight: float
    threshold: str
    evidence: tuple[str, ...]


@dataclass(frozen=True)
class Past:
    """An earlier judgement: of a card in memory, or read from a ``scorecard.json`` (in one language).

    ``until`` is the last day of a conditional go; ``digests`` those of the evidence, by name.
    """

    project: str
    lang: Literal["en", "fr"]
    graded_on: date
    decision: Decision
    until: date | None
    grade: GradeRange
    users_low: int | None
    questions: Mapping[str, Question]
    digests: Mapping[str, str]

    @property
    def verdicts(self) -> Mapping[str, Verdict]:
        """The verdicts, by criterion."""
        return {name: question.verdict for name, question in self.questions.items()}


def past(card: Scorecard, lang: Literal["en", "fr"] = "en") -> Past:
    """``card`` as a later one will look back at it, in the words of ``lang``."""
    return Past(
        project=card.project.name,
        lang=lang,
        graded_on=card.graded_on,
        decision=card.decision,
        until=None if card.condition is None else card.condition.until,
        grade=card.grade,
        users_low=card.capacity.users_low,
        questions={
            j.criterion.id: Question(
                title=j.criterion.title.in_(lang),
                verdict=j.verdict,
                blocking=j.criterion.blocking,
                weight=j.criterion.weight,
                threshold=j.threshold.in_(lang),
                evidence=j.evidence,
            )
            for j in card.judged
        },
        digests={e.name: e.digest for e in card.evidence},
    )
