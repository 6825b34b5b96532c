"""How people fared over time: drawn where it was played, with the crowd shaded, and nothing drawn elsewhere."""

from __future__ import annotations

from scorecard.evidence import Column, Table, Unit
from scorecard.reports import courses, html
from scorecard.reports.words import Words
from scorecard.scorecard import Scorecard

WORDS = Words("en")
COLUMNS = (
    ("at", Unit.SECOND),
    ("part", None),
    ("requests", Unit.COUNT),
    ("p50", Unit.SECOND),
    ("p95", Unit.SECOND),
    ("memory", Unit.BYTES),
)
ROWS = tuple(
    (float(at), part, 100, wait / 2, wait, memory)
    for at, (part, wait, memory) in enumerate(
        (
            ("before", 0.05, 100e6),
            ("overload", 0.4, 110e6),
            ("overload", 2.0, 120e6),
            ("after", 0.6, 130e6),
            ("after", 0.08, None),
        )
    )
)


def with_course(card: Scorecard, id_: str, rows=ROWS) -> Scorecard:
    table = Table(id=id_, columns=tuple(Column(name=name, unit=unit) for name, unit in COLUMNS), rows=rows)
    first, *others = card.evidence
    return card.model_copy(update={"evidence": (first.model_copy(update={"tables": (*first.tables, table)}), *others)})


def test_nothing_is_drawn_where_nothing_was_played(cards: dict[str, Scorecard]) -> None:
    card = cards["no_go"]
    assert courses.waits(card, "recovery.course", WORDS) == courses.memory(card, "soak.course", WORDS) == ()
    assert courses.described(card, "recovery.course", WORDS) == ""
    assert 'id="f-recovery-course"' not in html.render(card, "en")


def test_the_crowd_is_shaded_from_its_first_moment_to_the_one_after_its_last(cards: dict[str, Scorecard]) -> None:
    desk, phone = courses.waits(with_course(cards["no_go"], "recovery.course"), "recovery.course", WORDS)
    (band,) = desk.bands
    ticks = {tick.label: tick.at for tick in desk.x_ticks}
    assert (band.x, round(band.x + band.width, 1)) == (ticks["1"], ticks["3"])
    assert {line.style for line in desk.lines} == {line.style for line in phone.lines} == {"p50", "p95"}
    quiet = tuple((at, "soak", *rest) for at, _, *rest in ROWS)
    assert courses.waits(with_course(cards["no_go"], "soak.course", quiet), "soak.course", WORDS)[0].bands == ()


def test_memory_is_drawn_from_nought_where_it_was_read(cards: dict[str, Scorecard]) -> None:
    desk, _ = courses.memory(with_course(cards["no_go"], "soak.course"), "soak.course", WORDS)
    heights = [float(point.split(",")[1]) for point in desk.lines[0].points.split()]
    assert len(heights) == 4
    assert heights == sorted(heights, reverse=True)
    assert desk.y_ticks[0].at == desk.frame.bottom


def test_the_words_for_those_who_do_not_see_name_the_worst_and_the_end(cards: dict[str, Scorecard]) -> None:
    said = courses.described(with_course(cards["no_go"], "soak.course"), "soak.course", WORDS)
    assert "2\u202fs into the test" in said or "2 s into the test" in said
    assert "80 ms" in said or "80\u202fms" in said
    assert "130" in said
    french = html.render(with_course(cards["no_go"], "recovery.course"), "fr")
    assert "Une surcharge, et ce qui la suit" in french
    assert "foule" in french


def test_the_waits_before_and_after_a_growth_stand_on_the_page_without_statements_too(
    cards: dict[str, Scorecard],
) -> None:
    columns = (
        Column(name="step"),
        Column(name="p95_before", unit=Unit.SECOND),
        Column(name="p95_after", unit=Unit.SECOND),
    )
    table = Table(id="growth.steps", columns=columns, rows=(("read the list", 0.1, 0.9),))
    first, *others = cards["no_go"].evidence
    grown = cards["no_go"].model_copy(
        update={"evidence": (first.model_copy(update={"tables": (*first.tables, table)}), *others)}
    )
    page = html.render(grown, "fr")
    assert "read the list" in page
    assert "On ne peut dire si elles le ralentissent." in page
