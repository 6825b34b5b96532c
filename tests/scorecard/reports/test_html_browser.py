"""The page in a real browser: accessible, still, and fit for a phone and for paper."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, sync_playwright

from scorecard.evidence import Text
from scorecard.reports.html import render
from scorecard.scorecard import Scorecard

CHROMIUM = Path("/usr/bin/chromium")
QUIET = (
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
A4_WIDTH, A4_HEIGHT = 672, 1005
"""Area inside the margins of the style sheet (178 mm by 266 mm) in CSS pixels."""

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is not there: no browser to look with")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield opened
        opened.close()


@pytest.fixture
def look(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Opens a document at a width and in a colour scheme; whatever it tries to run, fetch or complain about is kept."""
    contexts = []

    def open_(source: str, *, width: int = 1280, scheme: str = "light") -> Any:
        (tmp_path / "page.html").write_text(source, encoding="utf-8")
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.troubles = []
        page.on("console", lambda message: page.troubles.append(message.text))
        page.on("dialog", lambda dialog: (page.troubles.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: page.troubles.append(request.url) if page.asked else None)
        page.asked = False
        page.goto((tmp_path / "page.html").as_uri())
        page.asked = True
        page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
        return page

    yield open_
    for context in contexts:
        context.close()


@pytest.mark.parametrize(
    ("decision", "lang", "scheme"),
    [
        ("no_go", "en", "light"),
        ("no_go", "fr", "dark"),
        ("conditional", "en", "dark"),
        ("undetermined", "fr", "light"),
    ],
)
def test_axe_finds_no_violation(
    cards: dict[str, Scorecard], look: Callable[..., Any], decision: str, lang: str, scheme: str
) -> None:
    page = look(render(cards[decision], lang), scheme=scheme)
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    assert page.troubles == []


def test_axe_would_find_one(cards: dict[str, Scorecard], look: Callable[..., Any]) -> None:
    faded = render(cards["go"], "en").replace("--soft: #575c67", "--soft: #c9c9c9").replace('lang="en"', "", 1)
    found = {violation["id"] for violation in Axe().run(look(faded)).response["violations"]}
    assert {"color-contrast", "html-has-lang"} <= found


@pytest.mark.parametrize(("decision", "lang"), [("go", "en"), ("conditional", "fr"), ("undetermined", "fr")])
def test_a_phone_of_360_pixels_never_scrolls_sideways(
    cards: dict[str, Scorecard], look: Callable[..., Any], decision: str, lang: str
) -> None:
    page = look(render(cards[decision], lang), width=360)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    shown = page.locator("svg.plot:visible")
    assert shown.count() == (0 if decision == "undetermined" else 2)


@pytest.mark.parametrize("decision", ["conditional", "no_go", "undetermined"])
def test_everything_up_to_the_signature_fits_one_sheet_of_paper(
    cards: dict[str, Scorecard], look: Callable[..., Any], decision: str
) -> None:
    page = look(render(cards[decision], "fr"), width=A4_WIDTH)
    page.emulate_media(media="print")
    box = page.locator(".signature").bounding_box()
    assert box["y"] + box["height"] <= A4_HEIGHT


@pytest.mark.parametrize("decision", ["go", "conditional", "no_go", "undetermined"])
def test_many_long_problems_leave_the_signature_on_the_first_sheet(
    cards: dict[str, Scorecard], look: Callable[..., Any], decision: str
) -> None:
    long = "La dérogation sur « Chacun sait que faire dans les 72 heures après une fuite » est sans effet : elle couvre"
    problems = tuple(Text(en="-", fr=f"{long} un échec, et ceci est inconnu ({n}).") for n in range(12))
    page = look(render(cards[decision].model_copy(update={"problems": problems}), "fr"), width=A4_WIDTH)
    page.emulate_media(media="print")
    box = page.locator(".signature").bounding_box()
    assert box["y"] + box["height"] <= A4_HEIGHT
    page.evaluate("document.querySelector('ul.problems').append(...document.querySelectorAll('#problems-all + ul li'))")
    box = page.locator(".signature").bounding_box()
    assert box["y"] + box["height"] > A4_HEIGHT  # the control: with all of them it would not fit


def test_hostile_words_run_nothing_in_a_browser(card: Callable[..., Scorecard], look: Callable[..., Any]) -> None:
    page = look(render(card("<script>alert(1)</script><img src=//x/y onerror=alert(2)>"), "en"))
    assert page.locator("h1").inner_text() == "<script>alert(1)</script><img src=//x/y onerror=alert(2)>"
    assert page.troubles == []


def test_even_an_injected_script_is_stopped_by_the_policy(
    cards: dict[str, Scorecard], look: Callable[..., Any]
) -> None:
    page = look(render(cards["go"], "en").replace("</main>", "<script>alert(1)</script></main>"))
    assert len(page.troubles) == 1
    assert "Content Security Policy" in page.troubles[0]


def test_the_first_key_leads_to_the_decision(cards: dict[str, Scorecard], look: Callable[..., Any]) -> None:
    page = look(render(cards["no_go"], "fr"))
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText") == "Aller à la décision"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "decision"
