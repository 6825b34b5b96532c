"""The official indicators: lines to the letter, grey where nothing is known, forecast only from a measured peak."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

import pytest

from scorecard.evidence import Unit
from scorecard.grading import grade
from scorecard.grading.official import OFFICIAL, OfficialError, faults, read
from scorecard.scorecard import Colour, Indicator

GREEN, YELLOW, RED, GREY = Colour.GREEN, Colour.YELLOW, Colour.RED, Colour.GREY

DECLARED = {
    "declared.vde.reviews": (250, "count"),
    "declared.rgaa.declaration": (True, "bool"),
}
AT_PEAK = {
    "load.requests": (50_000, "count"),
    "load.error_rate": (0.0, "1"),
    "load.peak_error_rate": (0.0, "1"),
    "load.generator_lag_p99": (0.001, "s"),
    "load.generator_cpu": (0.2, "1"),
    "load.peak_p95": (0.1, "s"),
}
AT_REST = {"page.load_time": (0.1, "s"), "page.third_parties": (0, "count")}
FILES = {"declared": "declarations", "load": "load", "page": "pages", "peak": "pages-peak"}

Values = Mapping[str, tuple[bool | float | str, str]]


@pytest.fixture(scope="session")
def shown(project, shipped, evidence, fact, today) -> Callable[..., dict[str, Indicator]]:
    """The indicators of a service of which just ``values`` are known, by identifier."""

    def make(values: Values, *, kind: str = "online-procedure", declared_on=today, **dates) -> dict[str, Indicator]:
        facts: dict[str, list] = {}
        for name, (value, unit) in values.items():
            prefix = "peak" if name.startswith("page.peak_") else name.split(".")[0]
            more = {"observed_on": dates.get(name, declared_on), "source": "Ann, https://proof"}
            facts.setdefault(FILES[prefix], []).append(fact(name, value, unit, **more if prefix == "declared" else {}))
        items = [evidence(found, name=name) for name, found in facts.items()]
        about = project.project.model_copy(update={"kind": kind})
        card = grade(project.model_copy(update={"project": about}), shipped, items, (), today)
        return {i.id: i for i in card.indicators}

    return make


@pytest.mark.parametrize(
    ("name", "given", "unit", "colour"),
    [
        ("vde.satisfaction", 8, "/10", GREEN),
        ("vde.satisfaction", 7.99, "/10", YELLOW),
        ("vde.satisfaction", 5, "/10", YELLOW),
        ("vde.satisfaction", 4.99, "/10", RED),
        ("vde.satisfaction", 0, "/10", RED),
        ("vde.clarity", 8, "/10", GREEN),
        ("vde.help", 4.9, "/10", RED),
        ("vde.accessibility", 1.0, "1", GREEN),
        ("vde.accessibility", 0.9999, "1", YELLOW),
        ("vde.accessibility", 0.5, "1", YELLOW),
        ("vde.accessibility", 0.499, "1", RED),
        ("vde.once-only", 0, "count", GREEN),
        ("vde.once-only", 1, "count", GREEN),
        ("vde.once-only", 2, "count", YELLOW),
        ("vde.once-only", 4, "count", YELLOW),
        ("vde.once-only", 5, "count", RED),
        ("vde.authentication", True, "bool", GREEN),
        ("vde.authentication", False, "bool", RED),
        ("vde.reachable", 0.85, "1", GREEN),
        ("vde.reachable", 0.8499, "1", YELLOW),
        ("vde.reachable", 0.7, "1", YELLOW),
        ("vde.reachable", 0.6999, "1", RED),
        ("vde.availability", 0.999, "1", GREEN),
        ("vde.availability", 0.99899, "1", YELLOW),
        ("vde.availability", 0.985, "1", YELLOW),
        ("vde.availability", 0.98499, "1", RED),
        ("vde.feasible-online", "yes", "text", GREEN),
        ("vde.feasible-online", "local", "text", GREEN),
        ("vde.feasible-online", "partly", "text", YELLOW),
        ("vde.feasible-online", "no", "text", RED),
        ("vde.feasible-online", "oui", "text", GREY),
        ("dashlord.uptime", 0.991, "1", GREEN),
        ("dashlord.uptime", 0.99, "1", YELLOW),
        ("dashlord.uptime", 0.951, "1", RED),
        ("mss.index", 4, "/5", GREEN),
        ("mss.index", 3.99, "/5", YELLOW),
        ("mss.index", 1.99, "/5", RED),
    ],
)
def test_each_side_of_each_official_line_has_its_colour(shown, shipped, name, given, unit, colour):
    criterion = next(i.criterion for i in OFFICIAL if i.id == name)
    asked = next(c.fact for c in shipped if c.id == criterion)
    found = shown({**DECLARED, asked: (given, unit)})[name]
    assert found.colour is colour
    assert found.basis == (None if colour is GREY else "declared")
    assert not found.at_peak


def test_nothing_known_is_grey_everywhere_and_says_why(shown):
    found = shown({})
    assert {i.colour for i in found.values()} == {GREY}
    assert all(i.value is None and i.basis is None and not i.at_peak for i in found.values())
    assert all(i.reason.en and i.reason.fr and i.scale.en and i.scale.fr for i in found.values())
    assert "cannot be measured in one run" in found["vde.availability"].reason.en


def test_opinions_under_a_hundred_reviews_are_grey_not_green(shown):
    marks = {"declared.vde.satisfaction": (9.5, "/10")}
    for reviews in (0, 99):
        few = shown({**marks, "declared.vde.reviews": (reviews, "count")})["vde.satisfaction"]
        assert (few.colour, few.shown.en) == (GREY, "not known")
        assert f"{reviews}, the line is 100" in few.reason.en
    assert shown({**marks, "declared.vde.reviews": (100, "count")})["vde.satisfaction"].colour is GREEN
    assert shown(marks)["vde.satisfaction"].colour is GREY


def test_accessibility_is_red_without_a_valid_declaration_and_grey_where_nobody_knows_of_one(shown, today):
    rate = {"declared.rgaa.rate": (1.0, "1")}
    missing = {"declared.rgaa.declaration": (False, "bool")}
    assert shown({**rate, **DECLARED})["vde.accessibility"].colour is GREEN
    assert shown({**rate, **missing})["vde.accessibility"].colour is RED
    assert shown(missing)["vde.accessibility"].colour is RED  # whatever the rate
    assert shown(rate)["vde.accessibility"].colour is GREY
    old = shown({**rate, **DECLARED}, declared_on=today - timedelta(days=1096))["vde.accessibility"]
    assert (old.colour, "1096 days ago" in old.reason.en) == (RED, True)
    assert shown({**rate, **DECLARED}, declared_on=today - timedelta(days=1095))["vde.accessibility"].colour is GREEN


def test_a_declared_full_conformity_is_not_green_beside_a_fault_that_a_machine_saw(shown):
    declared = {**DECLARED, "declared.rgaa.rate": (1.0, "1")}
    seen = shown({**declared, "page.axe_serious": (3, "count")})["vde.accessibility"]
    assert seen.colour is YELLOW
    assert seen.reason.en.startswith("Not green, since a measurement contradicts it. 3, the line is 0.")
    assert shown({**declared, "page.axe_serious": (0, "count")})["vde.accessibility"].colour is GREEN


@pytest.mark.parametrize(
    ("rest", "peak", "colour"),
    [
        (0.2, 0.1999, GREEN),
        (0.2, 0.2, YELLOW),
        (0.5, 0.2999, YELLOW),
        (0.5, 0.3, RED),
        (0.1, 9.0, RED),
        (9.0, 0.001, RED),
    ],
)
def test_load_time_is_forecast_from_the_page_and_the_peak(shown, rest, peak, colour):
    found = shown({**AT_REST, **AT_PEAK, "page.load_time": (rest, "s"), "load.peak_p95": (peak, "s")})["vde.load-time"]
    assert (found.colour, found.at_peak, found.basis) == (colour, True, "measured")
    assert found.value == pytest.approx(rest + peak)
    assert found.reason.en.startswith("Forecast: ")
    assert found.reason.fr.startswith("Prévision : ")
    assert [pointer.split("#")[0] for pointer in found.evidence] == ["pages.json", "load.json"]


def test_a_forecast_takes_the_slow_end_of_what_was_seen_at_rest(project, shipped, evidence, fact, today):
    page = [fact("page.load_time", 0.2, low=0.1, high=0.35), fact("page.third_parties", 0, "count")]
    load = [fact(name, value, unit) for name, (value, unit) in AT_PEAK.items()]
    card = grade(project, shipped, [evidence(page, name="pages"), evidence(load)], (), today)
    found = {i.id: i for i in card.indicators}["vde.load-time"]
    assert (found.value, found.colour) == (pytest.approx(0.45), YELLOW)


@pytest.mark.parametrize(
    "lacking",
    [
        AT_PEAK,
        {"load.peak_p95": ()},
        {"load.requests": ()},
        {"load.peak_error_rate": ()},
        {"load.generator_lag_p99": ()},
        {"page.load_time": ()},
        {"page.third_parties": ()},
    ],
)
def test_without_a_sound_peak_or_a_sound_page_there_is_no_forecast(shown, lacking):
    everything = {**AT_REST, **AT_PEAK, "declared.vde.load-time": (0.1, "s")}
    assert shown(everything)["vde.load-time"].colour is GREEN  # the control
    found = shown({name: given for name, given in everything.items() if name not in lacking})["vde.load-time"]
    assert (found.colour, found.at_peak, found.value) == (GREY, False, None)


@pytest.mark.parametrize(("peak", "colour"), [(0.39, GREEN), (0.4, YELLOW), (0.8, RED)])
def test_a_page_that_was_loaded_at_the_peak_takes_the_place_of_the_forecast(shown, peak, colour):
    given = {**AT_REST, **AT_PEAK, "page.peak_load_time": (peak, "s")}
    found = shown(given)["vde.load-time"]
    assert (found.value, found.colour, found.at_peak, found.basis) == (peak, colour, True, "measured")
    assert not found.reason.en.startswith("Forecast")
    del given["page.third_parties"]  # what the question asks for first: then the forecast has nothing to go by either
    assert shown(given)["vde.load-time"].colour is GREY


def test_a_dead_server_gives_no_load_time(shown):
    dead = {**AT_REST, **AT_PEAK, "load.peak_p95": (0.0006, "s"), "load.peak_error_rate": (1.0, "1")}
    assert shown(dead)["vde.load-time"].colour is GREY


@pytest.mark.parametrize(
    ("uptime", "peak", "points", "colour"),
    [
        (0.999, 0.1999, 10, GREEN),
        (0.999, 0.2, 9, GREEN),
        (0.995, 0.1, 8, GREEN),
        (0.99, 0.1, 7, YELLOW),
        (0.98, 0.3, 5, YELLOW),
        (0.98, 0.5, 4, RED),
        (0.95, 0.7, 1, RED),
        (0.9499, 0.1, -2, RED),
        (0.999, 0.9999, 6, YELLOW),
        (0.999, 1.0, 2, RED),
    ],
)
def test_the_older_indicator_counts_its_points_as_published(shown, uptime, peak, points, colour):
    given = {**AT_PEAK, "load.peak_p95": (peak, "s"), "declared.vde.availability": (uptime, "1")}
    found = shown(given)["vde.availability-and-speed"]
    assert (found.value, found.colour, found.basis) == (points, colour, "declared")
    assert shown({**AT_PEAK})["vde.availability-and-speed"].colour is GREY


def test_state_tools_disagree_and_both_are_shown_with_their_names(shown):
    found = shown({"declared.vde.availability": (0.991, "1")})
    assert (found["dashlord.uptime"].shown.en, found["dashlord.uptime"].colour) == ("A (99.1%)", GREEN)
    assert found["vde.availability"].colour is YELLOW
    assert "DashLord" in found["dashlord.uptime"].published_by
    assert "DINUM" in found["vde.availability"].published_by


def test_an_api_is_asked_only_what_its_kind_is_asked(shown):
    assert set(shown({}, kind="api")) == {"vde.availability", "dashlord.uptime", "mss.index"}


def test_a_value_that_misses_a_line_does_not_read_like_it(shown):
    found = shown({**DECLARED, "declared.vde.satisfaction": (7.9999, "/10")})["vde.satisfaction"]
    assert (found.colour, found.shown.en, found.shown.fr) == (YELLOW, "7.9999/10", "7,9999/10")


def test_indicators_and_their_questions_have_the_same_lines(shipped):
    assert faults(OFFICIAL, shipped) == []
    moved = [c.model_copy(update={"warn": 4}) if c.id == "user-service.satisfaction" else c for c in shipped]
    assert faults(OFFICIAL, moved) == ["vde.satisfaction: other lines than user-service.satisfaction"]
    missing = [c for c in shipped if c.id != "user-service.help"]
    assert faults(OFFICIAL, missing) == ["vde.help: there is no criterion user-service.help"]
    other = [c.model_copy(update={"unit": Unit.COUNT}) if c.id == "user-service.reachable" else c for c in shipped]
    assert faults(OFFICIAL, other) == ["vde.reachable: in 1, its criterion in count"]


INDICATOR = """
[[indicators]]
id = "x"
title = {{ en = "x", fr = "x" }}
published_by = "someone"
unit = "1"
{0}
"""


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ('criterion = "a"\nbetter = "higher"\ngreen = 0.5\nyellow = 0.5', "yellow must be easier"),
        ('criterion = "a"\nbetter = "lower"\ngreen = 2\nyellow = 1', "yellow must be easier"),
        ('criterion = "a"\nbetter = "higher"\ngreen = 0.5', "one scale"),
        ('better = "higher"\ngreen = 0.9\nyellow = 0.5', "read from one criterion"),
        ('sum_of = ["a", "b"]\nbetter = "higher"\ngreen = 0.9\nyellow = 0.5', "from what it is made"),
        (
            'criterion = "a"\nbetter = "higher"\nletters = [{ letter = "A", line = 0.9, colour = "green" }]',
            "the last letter",
        ),
        ('criterion = "a"\nbetter = "sideways"\ngreen = 0.9\nyellow = 0.5', "Input should be"),
    ],
)
def test_an_indicator_with_a_gap_is_refused_by_its_name(lines, problem):
    with pytest.raises(OfficialError, match=f"^x: .*{problem}"):
        read(INDICATOR.format(lines))


def test_an_indicator_that_stands_twice_is_refused():
    one = INDICATOR.format('criterion = "a"\nbetter = "higher"\ngreen = 0.9\nyellow = 0.5')
    assert len(read(one)) == 1
    with pytest.raises(OfficialError, match="twice"):
        read(one + one)
