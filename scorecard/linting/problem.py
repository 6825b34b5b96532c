"""One thing that is wrong with one criterion."""

from __future__ import annotations

from dataclasses import dataclass

from scorecard.criteria import Criterion
from scorecard.evidence import Text


@dataclass(frozen=True)
class Problem:
    """What is wrong with ``criterion``, under the name of the rule that found it."""

    criterion: str
    rule: str
    text: Text


def problem(criterion: Criterion, rule: str, en: str, fr: str) -> Problem:
    """A problem of ``criterion`` said in both languages."""
    return Problem(criterion.id, rule, Text(en=en, fr=fr))
