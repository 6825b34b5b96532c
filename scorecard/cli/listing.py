"""Criteria chosen by what they are, and shown as a table."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from rich.markup import escape
from rich.table import Table

from scorecard.criteria import Criterion, Domain
from scorecard.evidence import Text
from scorecard.grading import thresholds
from scorecard.project import Kind, Tier
from scorecard.reports.criteria_page import blocks
from scorecard.reports.labels import DOMAINS
from scorecard.reports.words import Words

WIDE = 120
"""Columns from which a table has room for thresholds too."""

_BASIS = {"measured": Text(en="measured", fr="mesuré"), "declared": Text(en="declared", fr="déclaré")}


def chosen(
    criteria: Sequence[Criterion],
    *,
    domains: Sequence[Domain] | None = None,
    kind: Kind | None = None,
    tier: Tier | None = None,
    basis: str | None = None,
    blocking: bool = False,
) -> tuple[Criterion, ...]:
    """Those of ``criteria`` that are all that is said; with ``tier``, as they are asked there."""
    settled = (c if tier is None else c.in_tier(tier) for c in criteria)
    return tuple(
        c
        for c in settled
        if (not domains or c.domain in domains)
        and (kind is None or kind in c.kinds)
        and (basis is None or c.basis == basis)
        and (not blocking or c.blocking)
    )


def table(criteria: Sequence[Criterion], lang: str, width: int) -> Table:
    """A table for ``width`` columns, one row a criterion, grouped by domain; the last line counts them.

    Identifiers are never cut, since they are what other commands take; a narrow screen goes without the lines.
    """
    words = Words("fr" if lang == "fr" else "en")
    shown = Table(box=None, pad_edge=False, caption=_count(criteria).in_(lang), caption_justify="left")
    shown.add_column(Text(en="criterion", fr="critère").in_(lang), no_wrap=True)
    shown.add_column(Text(en="question", fr="question").in_(lang))
    if width >= WIDE:
        shown.add_column(Text(en="threshold", fr="seuil").in_(lang))
        shown.add_column(Text(en="basis", fr="base").in_(lang), no_wrap=True)
    shown.add_column(Text(en="blocks", fr="bloque").in_(lang))
    for domain, group in groupby(criteria, key=lambda c: c.domain):
        shown.add_row(f"[bold]{words.gettext(DOMAINS[domain])}[/bold]")
        for criterion in group:
            more = (thresholds.words(criterion, None).in_(lang), _BASIS[criterion.basis].in_(lang))
            cells = (
                criterion.id,
                criterion.title.in_(lang),
                *(more if width >= WIDE else ()),
                blocks(criterion, words),
            )
            shown.add_row(*(escape(cell) for cell in cells))
    return shown


def _count(criteria: Sequence[Criterion]) -> Text:
    blocking = sum(c.blocking for c in criteria)
    return Text(
        en=f"{len(criteria)} criteria, {blocking} of them blocking",
        fr=f"{len(criteria)} critères, dont {blocking} bloquants",
    )
