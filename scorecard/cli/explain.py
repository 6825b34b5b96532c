"""The catalogue in words: one criterion at length, all of them as a list."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from itertools import groupby

from scorecard.cli.errors import CommandError
from scorecard.criteria import Criterion
from scorecard.evidence import Text
from scorecard.grading import explain
from scorecard.project import ProjectFile
from scorecard.reports.labels import DOMAINS
from scorecard.reports.words import Words


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


def listing(criteria: Sequence[Criterion], lang: str) -> str:
    """One line a criterion, grouped by domain: identifier, blocking or not, basis, title."""
    marks = Text(en="blocking", fr="bloquant").in_(lang)
    width = max((len(c.id) for c in criteria), default=0)
    words = Words("fr" if lang == "fr" else "en")
    lines = []
    for domain, group in groupby(criteria, key=lambda c: c.domain):
        lines.append(f"\n{words.gettext(DOMAINS[domain])}")
        for c in group:
            basis = Text(en=c.basis, fr={"measured": "mesuré", "declared": "déclaré"}[c.basis]).in_(lang)
            mark = f" [{marks}]" if c.blocking else ""
            lines.append(f"  {c.id:<{width}}  {basis:<8}  {c.title.in_(lang)}{mark}")
    return "\n".join(lines).lstrip("\n")
