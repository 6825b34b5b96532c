"""What the plots draw, and that they draw nothing that was not measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scorecard.evidence import Column, Evidence, Table, Unit
from scorecard.reports import describe, lettering, measured, plots
from scorecard.reports.axes import Scale, around, from_zero
from scorecard.reports.drawing import Drawing
from scorecard.reports.words import Words
from scorecard.scorecard import Scorecard

WORDS = Words("en")
COLUMNS = (("offered", Unit.JOURNEYS_PER_SECOND), ("p95", Unit.SECOND), ("outcome", None))


def with_steps(card: Scorecard, rows: list[tuple[float | None, float | None, str]]) -> Scorecard:
    table = Table(id="load.steps", columns=tuple(Column(name=n, unit=u) for n, u in COLUMNS), rows=tuple(rows))

    def changed(item: Evidence) -> Evidence:
        return item.model_copy(update={"tables": (table,)}) if item.name == "load" else item

    return card.model_copy(update={"evidence": tuple(changed(e) for e in card.evidence)})


def without_facts(card: Scorecard, *ids: str) -> Scorecard:
    evidence = tuple(
        e.model_copy(update={"facts": tuple(f for f in e.facts if f.id not in ids)}) for e in card.evidence
    )
    return card.model_copy(update={"evidence": evidence})


def styles(drawing: Drawing) -> set[str]:
    return {rule.style for rule in drawing.rules}


def test_each_step_is_a_mark_shaped_by_its_outcome(cards: dict[str, Scorecard]) -> None:
    desk, phone = plots.latency(cards["no_go"], WORDS)
    assert sorted(m.shape for m in desk.marks) == ["failed"] * 3 + ["held"] * 4 + ["void"]
    assert len(phone.marks) == len(desk.marks)


def test_a_void_step_is_not_on_the_line(cards: dict[str, Scorecard]) -> None:
    (desk, _) = plots.latency(cards["no_go"], WORDS)
    line = next(line for line in desk.lines if line.style == "p95")
    void = next(mark for mark in desk.marks if mark.shape == "void")
    assert len(line.points.split()) == 7
    assert f"{void.x},{void.y}" not in line.points


def test_the_objective_the_rate_held_and_the_demand_are_drawn(cards: dict[str, Scorecard]) -> None:
    (desk, _) = plots.latency(cards["no_go"], WORDS)
    assert styles(desk) == {"objective", "held", "demand"}
    assert len(desk.bands) == 1


def test_a_line_that_nobody_stated_is_not_drawn(cards: dict[str, Scorecard]) -> None:
    bare = without_facts(cards["no_go"], "load.objective_p95", "load.sustained_journeys_per_s", "demand.journeys_per_s")
    (desk, _) = plots.latency(bare, WORDS)
    assert desk.rules == desk.bands == ()
    assert "objective is" not in describe.latency(bare, WORDS)


def demand_labels(card: Scorecard, asked: float) -> list[str]:
    """Labels of the demand over the day when the test asked for ``asked`` journeys a second."""
    demand = next(e for e in card.evidence if e.name == "demand")
    facts = tuple(f.model_copy(update={"value": asked}) if f.id.endswith("journeys_per_s") else f for f in demand.facts)
    other = [e if e.name != "demand" else e.model_copy(update={"facts": facts}) for e in card.evidence]
    (desk, _) = plots.day(card.model_copy(update={"evidence": tuple(other)}), WORDS)
    return [label.text for label in desk.labels if label.style == "demand"]


def test_a_demand_that_is_not_the_peak_of_the_day_is_drawn_by_itself(cards: dict[str, Scorecard]) -> None:
    (desk, _) = plots.day(cards["go"], WORDS)
    assert [label.text for label in desk.labels if label.style == "demand"] == ["peak demand: 3.5 per second"]
    assert demand_labels(cards["go"], 5.0) == ["peak demand: 5 per second", "busiest hour: 3.5 per second"]


def test_two_demands_too_close_to_be_read_apart_have_one_label(cards: dict[str, Scorecard]) -> None:
    assert demand_labels(cards["go"], 3.7) == ["peak demand: 3.7 per second"]


def test_a_rate_that_the_judgement_calls_unknown_is_not_drawn(cards: dict[str, Scorecard]) -> None:
    capacity = cards["no_go"].capacity.model_copy(update={"users": None, "sustained_rps": None})
    card = cards["no_go"].model_copy(update={"capacity": capacity})
    for drawing in (*plots.latency(card, WORDS), *plots.day(card, WORDS)):
        assert "held" not in styles(drawing)
        assert drawing.bands == ()
    assert "The rate it holds is unknown." in describe.latency(card, WORDS)


def test_without_measurements_there_is_no_drawing(cards: dict[str, Scorecard]) -> None:
    assert plots.latency(cards["undetermined"], WORDS) == plots.day(cards["undetermined"], WORDS) == ()
    assert plots.latency(with_steps(cards["go"], [(1.0, None, "void"), (None, 0.2, "held")]), WORDS) == ()
    assert measured.routes(cards["undetermined"]) == measured.kinds_of_time(cards["undetermined"]) == ()


def test_the_words_of_the_plot_follow_its_figures(cards: dict[str, Scorecard]) -> None:
    words = describe.latency(cards["no_go"], WORDS).replace("\u202f", " ")
    assert "48 ms" in words
    assert "The objective is 400 ms." in words
    assert "highest at 21:00, when 3.5" in describe.day(cards["no_go"], WORDS)


def test_time_without_one_of_its_kinds_is_not_drawn_as_a_whole(cards: dict[str, Scorecard]) -> None:
    assert len(measured.kinds_of_time(cards["go"])) == 3
    assert measured.kinds_of_time(without_facts(cards["go"], "trace.share_remote")) == ()


@settings(deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.floats(0, 1e6), st.one_of(st.none(), st.floats(0, 1e4)), st.sampled_from(["held", "failed", "void"])
        ),
        max_size=12,
    )
)
def test_whatever_was_measured_stays_within_the_frame(
    card: Callable[..., Scorecard], rows: list[tuple[float | None, float | None, str]]
) -> None:
    for drawing in plots.latency(with_steps(card(), rows), WORDS):
        frame = drawing.frame
        assert all(frame.left <= m.x <= frame.right and frame.top <= m.y <= frame.bottom for m in drawing.marks)
        assert all(frame.left <= t.at <= frame.right for t in drawing.x_ticks)
        assert all(frame.top <= t.at <= frame.bottom for t in drawing.y_ticks)


@settings(deadline=None)
@given(low=st.floats(1e-6, 1e6), factor=st.floats(1, 1e6), about=st.integers(2, 10))
def test_ticks_are_few_round_and_within_the_scale(low: float, factor: float, about: int) -> None:
    for scale in (from_zero(low * factor, 0, 100), around(low, low * factor, 0, 100)):
        ticks = scale.ticks(about)
        assert len(ticks) <= about + 1
        assert all(scale.low * (1 - 1e-9) <= t <= scale.high * (1 + 1e-9) for t in ticks)
        assert list(ticks) == sorted(set(ticks))


@settings(deadline=None)
@given(a=st.floats(0, 100), b=st.floats(0, 100))
def test_a_larger_value_is_never_placed_before_a_smaller_one(a: float, b: float) -> None:
    scale = Scale(0, 100, 10, 500)
    assert (scale(a) - scale(b)) * (a - b) >= 0


@pytest.mark.parametrize(("value", "place"), [(-5, 10), (105, 500), (50, 255)])
def test_a_value_off_the_scale_stops_at_its_edge(value: float, place: float) -> None:
    assert Scale(0, 100, 10, 500)(value) == place


RATES = st.floats(1e-3, 1e5)


def touching(drawing: Drawing) -> list[tuple[str, str]]:
    return [(a.text, b.text) for a, b in combinations(drawing.labels, 2) if lettering.touch(a, b)]


@settings(deadline=None)
@given(
    rows=st.lists(st.tuples(RATES, st.floats(1e-4, 1e3), st.sampled_from(["held", "failed", "void"])), max_size=8),
    asked=RATES,
    held=RATES,
    spread=st.floats(1, 3),
    shape=st.lists(st.floats(0, 1e4), min_size=24, max_size=24),
    lang=st.sampled_from(["en", "fr"]),
)
def test_no_words_of_a_plot_are_written_over_others_or_off_the_drawing(
    card: Callable[..., Scorecard],
    rows: list[tuple[float | None, float | None, str]],
    asked: float,
    held: float,
    spread: float,
    shape: list[float],
    lang: str,
) -> None:
    built = with_rates(with_steps(card(), rows), asked, held, spread, shape)
    words = Words("fr" if lang == "fr" else "en")
    for drawing in (*plots.latency(built, words), *plots.day(built, words), *plots.scaling(with_copies(built), words)):
        assert touching(drawing) == []
        assert all(lettering.inside(label, drawing.frame) for label in drawing.labels)


def with_rates(card: Scorecard, asked: float, held: float, spread: float, shape: list[float]) -> Scorecard:
    """``card`` with other rates asked for and held, and another day."""
    values = {
        "demand.journeys_per_s": {"value": asked},
        "load.sustained_journeys_per_s": {"value": held, "low": held / spread, "high": held * spread},
    }
    hours = tuple((hour, rate) for hour, rate in enumerate(shape))

    def changed(item: Evidence) -> Evidence:
        facts = tuple(f.model_copy(update=values.get(f.id, {})) for f in item.facts)
        tables = tuple(t.model_copy(update={"rows": hours}) if t.id == "demand.day" else t for t in item.tables)
        return item.model_copy(update={"facts": facts, "tables": tables})

    return card.model_copy(update={"evidence": tuple(changed(e) for e in card.evidence)})


def with_copies(card: Scorecard) -> Scorecard:
    """``card`` with what several copies of the service brought, and a forecast."""
    names = (("replicas", Unit.COUNT), *((n, Unit.JOURNEYS_PER_SECOND) for n in ("sustained", "fit", "low", "high")))
    rows = ((1, 3.0, 3.1, 2.8, 3.4), (2, 5.5, 5.6, 5.0, 6.2), (8, None, 14.0, 10.5, 18.0))
    table = Table(id="load.scaling", columns=tuple(Column(name=n, unit=u) for n, u in names), rows=rows)
    first, *others = card.evidence
    return card.model_copy(update={"evidence": (first.model_copy(update={"tables": (*first.tables, table)}), *others)})


def test_the_search_for_words_written_over_others_finds_them(cards: dict[str, Scorecard]) -> None:
    (desk, _) = plots.latency(cards["no_go"], WORDS)
    first = desk.labels[0]
    assert touching(replace(desk, labels=(first, replace(first, x=first.x + 3)))) == [(first.text, first.text)]
    assert not lettering.inside(replace(first, x=desk.frame.width + 1.0), desk.frame)


def test_what_several_copies_bring_is_drawn_where_it_was_measured(cards: dict[str, Scorecard]) -> None:
    assert plots.scaling(cards["no_go"], WORDS) == ()
    (desk, phone) = plots.scaling(with_copies(cards["no_go"]), WORDS)
    assert len(desk.marks) == len(phone.marks) == 2
    assert len(desk.areas) == len(desk.lines) == 1
    assert "With 8 copies 10.5 to 18 are forecast." in describe.scaling(with_copies(cards["no_go"]), WORDS)
    assert "With 1 copy it was measured to hold 3 journeys" in describe.scaling(with_copies(cards["no_go"]), WORDS)


def test_on_the_cards_no_label_had_to_be_left_out(cards: dict[str, Scorecard]) -> None:
    for name in ("go", "conditional", "no_go"):
        desk, phone = plots.latency(cards[name], WORDS)
        assert len(desk.labels) == len(phone.labels) == 6
        assert [len(drawing.labels) for drawing in plots.day(cards[name], WORDS)] == [2, 2]


def test_the_name_of_the_demand_covers_no_measurement() -> None:
    rows = [measured.Copies(n, 4.0 * n**0.8, 4.0 * n**0.8, None, None) for n in (1, 2, 4, 8, 16)]
    for width in plots.WIDTHS:
        drawing = plots.growth(rows, (4.4, "peak demand: 4.4 per second"), ("copies", "rate"), WORDS, width)
        name = next(label for label in drawing.labels if label.style == "demand")
        left, top, right, bottom = lettering.box(name)
        assert not any(left <= mark.x <= right and top <= mark.y <= bottom for mark in drawing.marks)
