"""The pages one by one, as tables."""

from __future__ import annotations

from observability import ecoindex
from observability.views import Tour, View
from scorecard.evidence import Column, Table, Unit

PICTURES = "page.pictures"
PICTURES_B = 300_000
"""Characters of base64 in all: a report that holds the pictures must stay one that can be sent by e-mail."""


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
            Column(name="slow_network_load_time", unit=Unit.SECOND),
            Column(name="small_targets", unit=Unit.COUNT),
            Column(name="lang"),
            Column(name="title"),
        ),
        rows=tuple(_row(tour, view) for view in tour.views),
    )


def pictures_table(tour: Tour) -> Table:
    """The first screens of the pages as small pictures (WebP in base64), as many as there is room for."""
    rows: list[tuple[float | int | str | None, ...]] = []
    left = PICTURES_B
    for one in tour.pictures:
        left -= len(one.base64)
        if left >= 0:
            blurred = "out of focus" if tour.stop(one.path).persona is not None else "sharp"
            rows.append((one.path, one.window, one.width, one.height, blurred, one.base64))
    columns = ("page", "window", "width", "height", "focus", "webp")
    units = {"width": Unit.COUNT, "height": Unit.COUNT}
    return Table(id=PICTURES, columns=tuple(Column(name=n, unit=units.get(n)) for n in columns), rows=tuple(rows))


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
        None if shape is None else score_text(score(view)),
        len(view.others),
        None if audit is None else len(audit.violations),
        None if audit is None else audit.to_review,
        None if shape is None else f"{shape.width:.0f} px",
        None if kept is None else kept.words,
        tour.slow.get(view.path) if view.window == "phone" else None,
        None if audit is None or view.window == "desktop" else len(audit.small_targets),
        None if shape is None else shape.lang,
        None if shape is None else shape.title,
    )


def score(view: View) -> float:
    """EcoIndex of a page that was looked at, 0 to 100."""
    assert view.shape is not None
    return ecoindex.score(view.shape.dom_nodes, view.requests, view.weight)


def score_text(value: float) -> str:
    """An EcoIndex with its letter."""
    return f"{value:.0f}/100 ({ecoindex.grade(value)})"
