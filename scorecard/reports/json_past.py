"""An earlier ``scorecard.json``, read back to hold a later judgement against it."""

from __future__ import annotations

from scorecard.grading.past import Past, Question
from scorecard.reports.json_report import JsonScorecard


def read_past(content: bytes | str) -> Past:
    """The judgement that a ``scorecard.json`` holds, to hold a later one against.

    Raises:
        ValidationError: it is no scorecard of schema ``portance/scorecard/1``.
    """
    card = JsonScorecard.model_validate_json(content)
    return Past(
        project=card.project.name,
        lang=card.lang,
        graded_on=card.graded_on,
        decision=card.decision,
        until=None if card.condition is None else card.condition.until,
        grade=card.grade,
        users_low=card.capacity.users_low,
        questions={
            c.id: Question(c.title, c.verdict, c.blocking, c.weight, c.threshold, c.evidence) for c in card.criteria
        },
        digests={e.name: e.digest for e in card.evidence},
    )
