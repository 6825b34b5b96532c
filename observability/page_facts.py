"""From what a browser saw to facts and a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from observability import ecoindex
from observability.views import Tour, View
from scorecard.evidence import Column, Fact, Table, Text, Unit

FACTS = {
    "page.count": Unit.COUNT,
    "page.load_time": Unit.SECOND,
    "page.lcp": Unit.SECOND,
    "page.weight": Unit.BYTES,
    "page.requests": Unit.COUNT,
    "page.dom_nodes": Unit.COUNT,
    "page.ecoindex": Unit.TEXT,
    "page.third_parties": Unit.COUNT,
    "page.axe_serious": Unit.COUNT,
    "page.axe_violations": Unit.COUNT,
    "page.axe_to_review": Unit.COUNT,
    "page.rgaa_share": Unit.RATIO,
    "page.without_javascript": Unit.YES_NO,
    "page.fits_phone": Unit.YES_NO,
}

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


def facts(tour: Tour) -> tuple[Fact, ...]:
    """The facts ``page.*`` of :data:`FACTS`.

    With a page unseen the worst page is not known: what was found stands as a lower bound where a find alone says
    enough (a third party, a violation, a page that does not fit), and everything else is unknown.
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
        _without_javascript(tour, gap),
        _fits_phone(tour, gap),
    )


def pages_table(tour: Tour) -> Table:
    """One row a page and window."""
    return Table(
        id="page.pages",
        columns=(
            Column(name="page"),
            Column(name="window"),
            Column(name="loads", unit=Unit.COUNT),
            Column(name="load_time", unit=Unit.SECOND),
            Column(name="load_time_low", unit=Unit.SECOND),
            Column(name="load_time_high", unit=Unit.SECOND),
            Column(name="lcp", unit=Unit.SECOND),
            Column(name="weight", unit=Unit.BYTES),
            Column(name="requests", unit=Unit.COUNT),
            Column(name="dom_nodes", unit=Unit.COUNT),
            Column(name="ecoindex"),
            Column(name="third_parties", unit=Unit.COUNT),
            Column(name="violations", unit=Unit.COUNT),
            Column(name="to_review", unit=Unit.COUNT),
            Column(name="width"),
            Column(name="words_without_javascript", unit=Unit.RATIO),
            Column(name="lang"),
            Column(name="title"),
        ),
        rows=tuple(_row(tour, view) for view in tour.views),
    )


def _row(tour: Tour, view: View) -> tuple[float | int | str | None, ...]:
    times = [load.seconds for load in view.loads]
    shape, audit = view.shape, view.audit
    kept = tour.kept(view.path) if view.window == "desktop" else None
    return (
        view.path,
        view.window,
        len(view.loads),
        view.seconds,
        min(times),
        max(times),
        view.largest_paint,
        view.weight,
        view.requests,
        None if shape is None else shape.dom_nodes,
        None if shape is None else _score_text(_score(view)),
        len(view.others),
        None if audit is None else len(audit.violations),
        None if audit is None else audit.to_review,
        None if shape is None else f"{shape.width:.0f} px",
        None if kept is None else kept.words,
        None if shape is None else shape.lang,
        None if shape is None else shape.title,
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
        return _unknown("page.load_time", gap)
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
        return _unknown(fact, gap)
    value, view = max(known, key=lambda one: one[0])
    return Fact(id=fact, value=value, unit=FACTS[fact], detail=_place(view))


def _score(view: View) -> float:
    assert view.shape is not None
    return ecoindex.score(view.shape.dom_nodes, view.requests, view.weight)


def _score_text(score: float) -> str:
    return f"{score:.0f}/100 ({ecoindex.grade(score)})"


def _ecoindex(tour: Tour, gap: Text | None) -> Fact:
    known = [view for view in tour.views if view.window == "desktop" and view.shape is not None]
    if gap is not None or not known:
        return _unknown("page.ecoindex", gap)
    worst = min(known, key=_score)
    return Fact(id="page.ecoindex", value=_score_text(_score(worst)), unit=Unit.TEXT, detail=_place(worst))


def _third_parties(tour: Tour, gap: Text | None) -> Fact:
    others = sorted({other for view in tour.views for other in view.others})
    return _found("page.third_parties", len(others), gap, ", ".join(others)[:500])


def _accessibility(tour: Tour, gap: Text | None) -> Iterator[Fact]:
    broken = tour.violations()
    serious = [violation for _, violation in broken if violation.impact in _SERIOUS]
    yield _found("page.axe_serious", len(serious), gap, ", ".join(sorted({v.rule for v in serious})))
    yield _found("page.axe_violations", len(broken), gap, ", ".join(sorted({v.rule for _, v in broken})))
    audits = [view.audit for view in tour.views if view.audit is not None]
    yield _found("page.axe_to_review", sum(audit.to_review for audit in audits), gap)
    if not audits:
        yield _unknown("page.rgaa_share", gap)
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


def _without_javascript(tour: Tour, gap: Text | None) -> Fact:
    fact = "page.without_javascript"
    seen = {path: tour.kept(path) for path in tour.paths}
    lost = [f"GET {path}: {kept.words:.0%}" for path, kept in seen.items() if kept is not None and not kept.whole]
    if lost:
        return Fact(id=fact, value=False, unit=Unit.YES_NO, detail=", ".join(lost)[:500])
    if gap is None and any(kept is None for kept in seen.values()):
        gap = _NO_TEXT
    return _unknown(fact, gap) if gap is not None or not seen else Fact(id=fact, value=True, unit=Unit.YES_NO)


def _fits_phone(tour: Tour, gap: Text | None) -> Fact:
    fact = "page.fits_phone"
    phones = [view for view in tour.views if view.window == "phone" and view.shape is not None]
    wide = [f"GET {view.path}: + {view.excess:.0f} px" for view in phones if view.excess > 0]
    if wide:
        return Fact(id=fact, value=False, unit=Unit.YES_NO, detail=", ".join(wide)[:500])
    return _unknown(fact, gap) if gap is not None or not phones else Fact(id=fact, value=True, unit=Unit.YES_NO)


def _found(fact: str, number: int, gap: Text | None, detail: str = "") -> Fact:
    if gap is None:
        return Fact(id=fact, value=number, unit=Unit.COUNT, detail=detail)
    if number == 0:
        return _unknown(fact, gap)
    why = Text(en=f"at least: {gap.en}", fr=f"au moins : {gap.fr}")
    return Fact(id=fact, value=number, unit=Unit.COUNT, low=number, reason=why, detail=detail)


def _unknown(fact: str, gap: Text | None) -> Fact:
    return Fact(id=fact, value=None, unit=FACTS[fact], reason=NOT_SEEN if gap is None else gap)


NOT_SEEN = Text(
    en="none of target.pages answers with a page in HTML", fr="aucune page de target.pages ne répond par une page HTML"
)
_NO_TEXT = Text(
    en="a page shows neither text nor form even with JavaScript, so nothing can be compared",
    fr="une page n’affiche ni texte ni formulaire même avec JavaScript : rien à comparer",
)
