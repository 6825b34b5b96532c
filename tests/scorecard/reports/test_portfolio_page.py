"""The page of many projects: self-contained, accessible, whole, and harmless whatever a project calls itself."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import sync_playwright

from scorecard.evidence import Text
from scorecard.portfolio import GOAL, Answer, Point, Portfolio, Record, Shade, Target, Unreadable, portfolio
from scorecard.reports.portfolio_page import MOST_REACHES, coloured, percent, render, sparkline
from scorecard.reports.words import Words
from scorecard.scorecard import Colour, Decision, GradeRange, Verdict

CHROMIUM = Path("/usr/bin/chromium")
TODAY = date(2026, 11, 22)
HOSTILE = '<script>document.title = "hit"</script>&"\'</style>'


def grade(low: float, high: float) -> GradeRange:
    return GradeRange(low="D", high="B", score_low=low, score_high=high)


def record(name: str, verdict: Verdict, decision: Decision, **changes: Any) -> Record:
    on, runs = TODAY - timedelta(days=changes.pop("age", 0)), changes.pop("runs", 3)
    points = tuple(Point(f"2026110{n}", f"{name}/{n}", on, decision, grade(n / 10, 0.9)) for n in range(1, 1 + runs))
    answers = (Answer("security.secrets", f"secrets {HOSTILE}", verdict, True), Answer("b", "b", Verdict.PASS, True))
    return Record(name, "api", 300_000, points, answers, **changes)


@pytest.fixture(scope="module")
def found() -> Portfolio:
    records = [
        record("Aide", Verdict.PASS, Decision.GO),
        record("Impôts", Verdict.WARN, Decision.CONDITIONAL, until=TODAY, users_cap=120_000),
        record("Masques", Verdict.FAIL, Decision.NO_GO, runs=1),
        record("Ancien", Verdict.PASS, Decision.GO, age=400),
        record(HOSTILE, Verdict.UNKNOWN, Decision.UNDETERMINED),
    ]
    colours = zip(records, (*list(Colour), Colour.GREEN), strict=True)
    records = [replace(r, shades=(Shade("vde.load-time", HOSTILE, colour),)) for r, colour in colours]
    broken = [
        Unreadable(f"z/{HOSTILE}", Text(en="cut short", fr="tronqué"), "Aide", "20270101"),
        *(Unreadable(f"f{n}", Text(en="not a run", fr="pas une mesure")) for n in range(30)),
    ]
    titles = {"security.secrets": Text(en=f"No secret {HOSTILE}", fr=f"Aucun secret {HOSTILE}")}
    return portfolio(records, broken, titles, TODAY)


def shaded(*colours: Colour) -> Portfolio:
    """Projects whose load time has these colours, and whose satisfaction nobody knows."""
    records = [
        record(f"P{n}", Verdict.PASS, Decision.GO, shades=(
            Shade("vde.load-time", "Load time", colour), Shade("vde.satisfaction", HOSTILE, Colour.GREY),
        ))
        for n, colour in enumerate(colours)
    ]  # fmt: skip
    return portfolio(records, [], {}, TODAY)


def test_grey_is_excluded_and_alone_reaches_nothing():
    time, satisfaction = shaded(*[Colour.GREEN] * 4, Colour.RED, *[Colour.GREY] * 5).targets
    assert (time.indicator, time.known, time.share_green, time.reached) == ("vde.load-time", 5, GOAL, True)
    assert (satisfaction.known, satisfaction.share_green, satisfaction.reached) == (0, None, False)
    short = shaded(*[Colour.GREEN] * 3, Colour.YELLOW).targets[0]
    assert (short.share_green, short.reached) == (0.75, False)


@given(st.lists(st.sampled_from(list(Colour)), min_size=1))
def test_a_worse_colour_never_brings_a_target_nearer(colours):
    def share(found: list[Colour]) -> float:
        counts = {colour: found.count(colour) for colour in Colour}
        target = Target("x", Text(en="x", fr="x"), counts)
        assert sum(part.share for part in coloured(target)) == pytest.approx(100 if target.known else 0, abs=0.01)
        return 0.0 if target.share_green is None else target.share_green

    if Colour.GREEN in colours:
        worse = list(colours)
        worse[worse.index(Colour.GREEN)] = Colour.RED
        assert share(worse) < share(colours)


def test_the_page_says_each_share_its_goal_and_what_nobody_knows():
    page = render(shaded(*[Colour.GREEN] * 3, Colour.YELLOW), "en")
    assert "<b>75%</b> green: short of the goal" in page
    assert "The goal is 80%" in page
    assert "3 green" in page
    assert "Not known of any project:" in page
    assert "goal reached" in render(shaded(Colour.GREEN), "en")
    assert "au vert\u00a0: cible atteinte" in render(shaded(Colour.GREEN), "fr")
    assert "Official targets" not in render(portfolio([record("A", Verdict.PASS, Decision.GO)], [], {}, TODAY), "en")


def test_only_the_first_questions_stand_open_and_all_are_there():
    answers = tuple(Answer(f"c{n:02}", f"Question {n}", Verdict.FAIL, True) for n in range(MOST_REACHES + 3))
    one = Record("A", "api", 1, record("A", Verdict.FAIL, Decision.NO_GO).points, answers)
    page = render(portfolio([one], [], {}, TODAY), "en")
    assert "3 other questions that decide" in page
    assert all(f"Question {n}</h3>" in page for n in range(MOST_REACHES + 3))
    assert page.index("other questions that decide") < page.index(f"Question {MOST_REACHES}</h3>")


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_the_page_stands_alone_and_is_the_same_each_time(found, lang):
    page = render(found, lang)
    assert page == render(found, lang)
    assert page.lstrip().startswith("<!doctype html>")
    assert f'<html lang="{lang}">' in page
    assert not re.search(r"(?:src|href)=\"(?!#)", page)
    assert "url(" not in page
    assert "<script" not in page


def test_every_project_and_every_folder_that_failed_is_on_it(found):
    page = render(found, "fr")
    for item in found.unreadable:
        assert item.folder in page or "&lt;script&gt;" in page
    assert page.count('<th scope="row">') == len(found.projects)
    assert "31 dossiers n’ont pas de fiche d’évaluation" in page
    assert "Une évaluation plus récente est illisible" in page
    assert 'class="standing lapsed"' in page
    assert 'class="standing go"' in page
    assert "au plus 120\u202f000\u00a0usagers" in page


def test_unknown_is_never_drawn_as_met(found):
    page = render(found, "en")
    (bar,) = (li for li in page.split("<li>") if "No secret" in li.split("</h3>")[0])
    assert re.findall(r'<span class="(\w+)" style="width:([\d.]+)%', bar) == [
        ("pass", "40.0"), ("warn", "20.0"), ("unknown", "20.0"), ("fail", "20.0"),
    ]  # fmt: skip
    assert "<b>40%</b>" in bar


@given(st.floats(0, 1, allow_nan=False))
def test_a_share_reads_none_or_all_only_when_it_is(share):
    shown = percent(share, Words("en"))
    assert (shown == "0%") == (share == 0)
    assert (shown == "100%") == (share == 1)


def test_one_run_has_no_line_and_many_stay_inside_the_drawing():
    points = record("A", Verdict.PASS, Decision.GO, runs=9).points
    assert sparkline(points[:1]) is None
    line = sparkline(points * 4)
    assert line is not None
    places = [tuple(map(float, pair.split(","))) for pair in f"{line.band} {line.line}".split()]
    assert all(0 <= x <= 92 and 0 <= y <= 22 for x, y in places)


ORDER = {
    "en": ["Portfolio of assessments", "Where the projects stand", "31 folders give no scorecard", "What blocks whom",
           "Official targets", "Every project, the most urgent first"],
    "fr": ["Portefeuille d’évaluations", "Où en sont les projets", "31 dossiers n’ont pas de fiche d’évaluation",
           "Ce qui bloque, et quels projets", "Cibles officielles", "Tous les projets, les plus urgents d’abord"],
}  # fmt: skip


@pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is not there: no browser to look with")
def test_axe_finds_no_violation_and_a_phone_does_not_scroll_sideways(found, tmp_path):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-quic"])
        for lang, scheme, width in (("fr", "light", 1280), ("en", "dark", 360), ("fr", "light", 390)):
            (tmp_path / "page.html").write_text(render(found, lang), encoding="utf-8")
            page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
            page.goto((tmp_path / "page.html").as_uri())
            page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
            results = Axe().run(page)
            assert results.violations_count == 0, results.generate_report()
            assert page.evaluate("document.documentElement.scrollWidth") == width
            assert page.title() != "hit"
            headings = page.locator("h1, h2").all_inner_texts()
            assert [headings.index(found) for found in ORDER[lang]] == list(range(len(ORDER[lang])))
            assert page.locator("[tabindex]").evaluate_all("all => all.every(e => e.tabIndex <= 0)")
            page.close()
        browser.close()
