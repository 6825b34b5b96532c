"""Facts of use: on a phone, over a slow network, without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator

from observability.page_known import found, unknown
from observability.views import Tour
from scorecard.evidence import Fact, Text, Unit


def facts(tour: Tour, gap: Text | None) -> Iterator[Fact]:
    """The facts of use; ``gap`` is why not every page was seen."""
    yield _without_javascript(tour, gap)
    yield _fits_phone(tour, gap)
    yield _small_targets(tour, gap)
    yield _slow_network(tour, gap)


def _without_javascript(tour: Tour, gap: Text | None) -> Fact:
    fact = "page.without_javascript"
    seen = {path: tour.kept(path) for path in tour.paths}
    lost = [f"GET {path}: {kept.words:.0%}" for path, kept in seen.items() if kept is not None and not kept.whole]
    if lost:
        return Fact(id=fact, value=False, unit=Unit.YES_NO, detail=", ".join(lost)[:500])
    if gap is None and any(kept is None for kept in seen.values()):
        gap = _NO_TEXT
    return unknown(fact, gap) if gap is not None or not seen else Fact(id=fact, value=True, unit=Unit.YES_NO)


def _fits_phone(tour: Tour, gap: Text | None) -> Fact:
    fact = "page.fits_phone"
    phones = [view for view in tour.views if view.window == "phone" and view.shape is not None]
    wide = [f"GET {view.path}: + {view.excess:.0f} px" for view in phones if view.excess > 0]
    if wide:
        return Fact(id=fact, value=False, unit=Unit.YES_NO, detail=", ".join(wide)[:500])
    return unknown(fact, gap) if gap is not None or not phones else Fact(id=fact, value=True, unit=Unit.YES_NO)


def _small_targets(tour: Tour, gap: Text | None) -> Fact:
    """Places smaller than 24 by 24 CSS pixels that nothing around makes up for (WCAG 2.2, 2.5.8), on a phone."""
    phones = [view for view in tour.views if view.window == "phone" and view.audit is not None]
    if not phones:
        return unknown("page.small_targets", gap)
    by_page = {view.path: len(view.audit.small_targets) for view in phones if view.audit is not None}
    detail = ", ".join(f"GET {path}: {number}" for path, number in by_page.items() if number)
    return found("page.small_targets", sum(by_page.values()), gap, detail[:500])


def _slow_network(tour: Tour, gap: Text | None) -> Fact:
    """The slowest page; one that was cut took at least so long. Only the time of requests is stretched, not that of
    connections, which a real network of this kind would add.
    """
    fact = "page.slow_network_load_time"
    cut = [path for path, seconds in tour.slow.items() if seconds is None]
    if cut:
        why = Text(en="it was cut there", fr="il a été interrompu là")
        return Fact(
            id=fact,
            value=tour.page_s,
            low=tour.page_s,
            unit=Unit.SECOND,
            reason=why,
            detail=f"GET {cut[0]}, {_NETWORK}",
        )
    known = {path: seconds for path, seconds in tour.slow.items() if seconds is not None}
    if gap is not None or not known:
        return unknown(fact, gap)
    slowest = max(known, key=lambda path: known[path])
    return Fact(id=fact, value=known[slowest], unit=Unit.SECOND, detail=f"GET {slowest}, phone, n = 1, {_NETWORK}")


_NETWORK = "400 kbit/s, 400 ms a request (WebPageTest, 3G Slow)"
_NO_TEXT = Text(
    en="a page shows neither text nor form even with JavaScript, so nothing can be compared",
    fr="une page n’affiche ni texte ni formulaire même avec JavaScript : rien à comparer",
)
