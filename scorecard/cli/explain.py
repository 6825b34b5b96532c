"""The catalogue in words: one criterion at length."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from scorecard.cli.errors import CommandError
from scorecard.criteria import Criterion
from scorecard.evidence import Text
from scorecard.grading import explain
from scorecard.project import ProjectFile


def named(identifier: str, criteria: Sequence[Criterion]) -> Criterion:
    """The criterion called ``identifier``. Raises CommandError with the nearest names when there is none."""
    for criterion in criteria:
        if criterion.id == identifier:
            return criterion
    near = difflib.get_close_matches(identifier, [c.id for c in criteria], n=3, cutoff=0.4)
    hint = ", ".join(near)
    raise CommandError(
        Text(
            en=f"no criterion {identifier!r}" + (f"; near: {hint}" if near else "; 'portance criteria' lists them"),
            fr=f"pas de critère {identifier!r}" + (f" ; proches : {hint}" if near else " ; voir « portance criteria »"),
        )
    )


def explanation(criterion: Criterion, project: ProjectFile | None, lang: str) -> str:
    """Everything the catalogue holds about ``criterion``, a labelled line each; thresholds as ``project`` has them."""
    lines = [(line.label.in_(lang), line.text.in_(lang)) for line in explain(criterion, project)]
    width = max(len(label) for label, _ in lines)
    return "\n".join([criterion.id, *(f"  {label:<{width}}  {text}" for label, text in lines)])
