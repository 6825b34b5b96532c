"""From what a browser saw to facts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from observability import page_use
from observability.page_known import FACTS, found, unknown
from observability.page_table import score, score_text
from observability.views import Tour, View
from scorecard.evidence import Fact, Text, Unit

RGAA_CRITERIA = 106
"""Criteria of RGAA 4.1, in 13 themes."""

_SERIOUS = ("critical", "serious")
_Figure = Callable[[View], float | int | None]


def unseen(tour: Tour) -> Text | None:
    """What could not be looked at, by page; None when everything was."""
    if not tour.gaps:
        return None
    shown = tour.gaps[:5]
    more = len(tour.gaps) - len(shown)
    return Text(
        en="; ".join(f"{gap.path}: {gap.why.en}" for gap in shown) + (f"; and {more} more" if more else ""),
        fr=" ; ".join(f"{gap.path} : {gap.why.fr}" for gap in shown) + (f" ; et {more} de plus" if more else ""),
    )


def facts(tour: Tour, journeys: Text | None) -> tuple[Fact, ...]:
    """The facts ``page.*`` of :data:`FACTS`.

    With a page unseen the worst page is not known: what was found stands as a lower bound where a find alone says
    enough (a third party, a violation, a page that does not fit), and everything else is unknown. ``journeys`` is why
    not every page that the journeys lead to is among the stops, None when each is.
    """
    gap = unseen(tour)
    besides = "".join(f"; {path}: {kind}" for path, kind in tour.not_pages.items())
    return (
        Fact(id="page.count", value=len(tour.paths), unit=Unit.COUNT, detail=f"{', '.join(tour.paths)}{besides}"[:500]),
        _load_time(tour, gap),
        _largest_paint(tour, gap),
        _worst("page.weight", tour.views, lambda view: view.weight, gap),
        _worst("page.requests", tour.views, lambda view: view.requests, gap),
        _worst("page.dom_nodes", tour.views, lambda view: None if view.shape is None else view.shape.dom_nodes, gap),
        _ecoindex(tour, gap),
        _third_parties(tour, gap),
        *_accessibility(tour, gap),
        *page_use.facts(tour, gap),
        _signed_in(tour, gap, journeys),
        _sent(tour, gap, journeys),
    )


def _place(view: View) -> str:
    return f"GET {view.path}, {view.window}, n = {len(view.loads)}"


def _load_time(tour: Tour, gap: Text | None) -> Fact:
    """Median of the slowest page, between its fastest and slowest loads; a page that was cut took at least so long."""
    cut = max((g for g in tour.gaps if g.after is not None), key=lambda g: g.after or 0.0, default=None)
    if cut is not None and cut.after is not None:
        detail = f"GET {cut.path}: > {cut.after:.0f} s"
        return Fact(
            id="page.load_time", value=cut.after, unit=Unit.SECOND, low=cut.after, reason=cut.why, detail=detail
        )
    if gap is not None or not tour.views:
        return unknown("page.load_time", gap)
    slowest = max(tour.views, key=lambda view: view.seconds)
    times = [load.seconds for load in slowest.loads]
    return Fact(
        id="page.load_time",
        value=slowest.seconds,
        unit=Unit.SECOND,
        low=min(times),
        high=max(times),
        detail=_place(slowest),
    )


def _largest_paint(tour: Tour, gap: Text | None) -> Fact:
    silent = [view for view in tour.views if view.largest_paint is None]
    if gap is None and silent:
        place = _place(silent[0])
        gap = Text(
            en=f"the browser reported no largest paint of {place}",
            fr=f"le navigateur n’a indiqué aucun plus grand affichage de {place}",
        )
    return _worst("page.lcp", tour.views, lambda view: view.largest_paint, gap)


def _worst(fact: str, views: Sequence[View], of: _Figure, gap: Text | None) -> Fact:
    known = [(value, view) for view in views if (value := of(view)) is not None]
    if gap is not None or not known:
        return unknown(fact, gap)
    value, view = max(known, key=lambda one: one[0])
    return Fact(id=fact, value=value, unit=FACTS[fact], detail=_place(view))


def _ecoindex(tour: Tour, gap: Text | None) -> Fact:
    known = [view for view in tour.views if view.window == "desktop" and view.shape is not None]
    if gap is not None or not known:
        return unknown("page.ecoindex", gap)
    worst = min(known, key=score)
    return Fact(id="page.ecoindex", value=score_text(score(worst)), unit=Unit.TEXT, detail=_place(worst))


def _third_parties(tour: Tour, gap: Text | None) -> Fact:
    others = sorted({other for view in tour.views for other in view.others})
    return found("page.third_parties", len(others), gap, ", ".join(others)[:500])


def _accessibility(tour: Tour, gap: Text | None) -> Iterator[Fact]:
    broken = tour.violations()
    serious = [violation for _, violation in broken if violation.impact in _SERIOUS]
    yield found("page.axe_serious", len(serious), gap, ", ".join(sorted({v.rule for v in serious})))
    yield found("page.axe_violations", len(broken), gap, ", ".join(sorted({v.rule for _, v in broken})))
    audits = [view.audit for view in tour.views if view.audit is not None]
    yield found("page.axe_to_review", sum(audit.to_review for audit in audits), gap)
    if not audits:
        yield unknown("page.rgaa_share", gap)
        return
    # A test counts only where its rule ran on every page that was audited.
    tests = frozenset.intersection(*(audit.tests for audit in audits))
    criteria = {test.rpartition(".")[0] for test in tests}
    yield Fact(
        id="page.rgaa_share",
        value=len(criteria) / RGAA_CRITERIA,
        unit=Unit.RATIO,
        detail=f"axe {audits[0].version}: {len(tests)} tests, {len(criteria)} / {RGAA_CRITERIA}",
    )


def _signed_in(tour: Tour, gap: Text | None, journeys: Text | None) -> Fact:
    names = [path for path in tour.paths if tour.stop(path).persona is not None]
    return found("page.signed_in", len(names), journeys if gap is None else gap, ", ".join(names)[:500])


def _sent(tour: Tour, gap: Text | None, journeys: Text | None) -> Fact:
    """Kinds of typed values, by page and by who was sent them."""
    sent = sorted((path, leak.kind, leak.origin) for path, leaks in tour.leaks.items() for leak in leaks)
    detail = f"{sum(tour.filled.values())} fields filled in on {len(tour.filled)} pages with scripts"
    shown = "; ".join(f"{path}: {kind} > {origin}" for path, kind, origin in sent)
    why = gap if gap is not None else _unfilled(tour) if tour.unfilled else journeys
    return found("page.personal_values_sent", len(sent), why, (shown or detail)[:500])


def _unfilled(tour: Tour) -> Text:
    places = ", ".join(f"{path} ({number})" for path, number in tour.unfilled.items())[:300]
    return Text(
        en=f"fields that could not be typed into: {places}", fr=f"champs où rien n’a pu être saisi\u202f: {places}"
    )
