"""The page in a real browser: accessible, still, and fit for a phone and for paper."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, sync_playwright

from scorecard.evidence import Text
from scorecard.reports.html import render
from scorecard.scorecard import Colour, Scorecard

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
    ("decision", "lang", "scheme", "width"),
    [
        ("no_go", "en", "light", 1280),
        ("no_go", "fr", "dark", 1280),
        ("conditional", "en", "dark", 390),
        ("conditional", "fr", "light", 390),
        ("go", "en", "light", 1280),
        ("undetermined", "fr", "light", 390),
    ],
)
def test_axe_finds_no_violation(
    cards: dict[str, Scorecard], look: Callable[..., Any], decision: str, lang: str, scheme: str, width: int
) -> None:
    page = look(render(cards[decision], lang), scheme=scheme, width=width)
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


LONG = "Une très longue phrase de mise en garde qui ne dit pas grand-chose mais qui prend de la place. "


def wordy(card: Scorecard, actions: Scorecard, times: int) -> Scorecard:
    """``card`` with a long name, actions and warnings, and thirteen official indicators that all have a colour."""
    text = Text(en=LONG * times, fr=LONG * times)
    done = tuple(a.model_copy(update={"text": text, "moves": text}) for a in actions.actions[:1] * 3)
    shades = list(Colour)[:3]
    shown = tuple(
        actions.indicators[n % 7].model_copy(update={"id": f"sample.{n}", "colour": shades[n % 3]}) for n in range(13)
    )
    reason = Text(en=card.decision_reason.en, fr=f"{card.decision_reason.fr} {LONG}")
    project = card.project.model_copy(update={"name": LONG.strip()})
    return card.model_copy(
        update={
            "project": project, "problems": (text,) * 9, "actions": done,
            "indicators": shown, "decision_reason": reason,
        }
    )  # fmt: skip


@pytest.mark.parametrize("times", [1, 2, 4])
@pytest.mark.parametrize("decision", ["go", "conditional", "no_go"])
def test_however_long_its_words_the_sheet_ends_with_the_signature(
    cards: dict[str, Scorecard], look: Callable[..., Any], decision: str, times: int
) -> None:
    page = look(render(wordy(cards[decision], cards["no_go"], times), "fr"), width=A4_WIDTH)
    page.emulate_media(media="print")
    box = page.locator(".signature").bounding_box()
    assert box["y"] + box["height"] <= A4_HEIGHT


def test_in_the_usual_letters_a_long_sheet_would_run_over(
    cards: dict[str, Scorecard], look: Callable[..., Any]
) -> None:
    page = look(render(wordy(cards["conditional"], cards["no_go"], 4), "fr"), width=A4_WIDTH)
    page.emulate_media(media="print")
    page.evaluate("document.documentElement.classList.remove('crowded')")
    box = page.locator(".signature").bounding_box()
    assert box["y"] + box["height"] > A4_HEIGHT


def test_an_ordinary_sheet_has_the_usual_letters(cards: dict[str, Scorecard]) -> None:
    assert not [
        name for name, card in cards.items() for lang in ("en", "fr") if 'class="crowded"' in render(card, lang)
    ]


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


def read_aloud(page: Any) -> list[tuple[str, str]]:
    """What a screen reader meets, in order: role and name of each node of Chromium's accessibility tree."""
    tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    by_id = {node["nodeId"]: node for node in tree}

    def walk(node: dict[str, Any]) -> Iterator[tuple[str, str]]:
        if not node.get("ignored") and "role" in node:
            name = re.sub(r"\s+", " ", str(node.get("name", {}).get("value", "")))
            yield node["role"]["value"], name
        for child in node.get("childIds", ()):
            yield from walk(by_id[child])

    return list(walk(tree[0]))


FRONT = [
    "Conditional go for at most 300,000 users, until 15 January 2027",
    "How many users it holds",
    "The busiest day, hour by hour",
    "Ten domains on one scale",
    "What to do next",
    "Official indicators at the busiest moment",
    "On somebody’s word only",
    "1 failure accepted for a time",
    "Who, when, on what",
    "What was measured",
]


def test_it_is_read_aloud_in_the_order_in_which_it_is_signed(
    cards: dict[str, Scorecard], look: Callable[..., Any]
) -> None:
    page = look(render(cards["conditional"], "en"))
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = false })")
    nodes = read_aloud(page)
    headings = [name for role, name in nodes if role == "heading"]
    assert headings[0] == cards["conditional"].project.name
    assert headings[1 : 1 + len(FRONT)] == FRONT
    said = re.sub(r"\s+", " ", " ".join(name for role, name in nodes if role == "StaticText"))
    sentences = (
        "It holds 435,000 to 573,000 users", "Grade D", "It holds 435,000 to 573,000 users, for 300,000 to serve.",
        "At the busiest moment 3.5 people begin every second.", "Capacity A", "Find out", "Load time 1.24 s",
        "not known: User satisfaction", "They count until:", "sha256:",
    )  # fmt: skip
    places = [said.replace("\u202f", " ").replace("\u00a0", " ").find(sentence) for sentence in sentences]
    assert -1 not in places, sentences[places.index(-1)]
    assert places[0] == min(places)
    assert places[3:] == sorted(places[3:])
    roles = [role for role, _ in nodes]
    assert roles.count("main") == roles.count("banner") == roles.count("contentinfo") == 1
    assert sum(role == "image" and "per second" in name for role, name in nodes) == 2
    assert [name for role, name in nodes if role == "columnheader"][:2] == ["Domain", "Grade"]
    assert next(name for role, name in nodes if role == "rowheader") == "Capacity"


def test_the_reading_order_is_one_that_a_moved_section_breaks(
    cards: dict[str, Scorecard], look: Callable[..., Any]
) -> None:
    source = render(cards["conditional"], "en")
    page = look(source)
    page.evaluate("document.querySelector('main').append(document.querySelector('.decision'))")
    headings = [name for role, name in read_aloud(page) if role == "heading"]
    assert headings[1 : 1 + len(FRONT)] != FRONT


def test_every_part_is_reached_by_key_in_order_with_a_visible_focus(
    cards: dict[str, Scorecard], look: Callable[..., Any]
) -> None:
    page = look(render(cards["no_go"], "fr"))
    assert page.locator("[tabindex]").evaluate_all("all => all.every(e => e.tabIndex <= 0)")
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = false })")
    reached: list[int] = []
    for _ in range(400):
        page.keyboard.press("Tab")
        place, seen = page.evaluate("""() => {
          const at = document.activeElement, all = [...document.querySelectorAll('*')], style = getComputedStyle(at);
          if (at.matches('summary')) { at.parentElement.open = true }
          return [at === document.body ? -1 : all.indexOf(at), style.outlineStyle !== 'none' || at.matches('.skip')];
        }""")
        if place == -1 or (reached and place <= reached[-1]):
            break
        reached.append(place)
        assert seen, "the focus cannot be seen"
    wanted = page.evaluate("""() => {
      const all = [...document.querySelectorAll('*')];
      return [...document.querySelectorAll('a[href], summary, [tabindex="0"]')].filter(e => e.checkVisibility()).map(e => all.indexOf(e));
    }""")  # noqa: E501
    assert reached == wanted
    assert page.evaluate("[...document.querySelectorAll('details')].every(d => d.open)")


@pytest.mark.parametrize(("decision", "most"), [("no_go", 7), ("undetermined", 5)])
def test_on_paper_it_is_a_few_sheets_and_no_row_is_cut(
    cards: dict[str, Scorecard], look: Callable[..., Any], decision: str, most: int
) -> None:
    page = look(render(cards[decision], "fr"))
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = false })")
    printed = pikepdf.open(io.BytesIO(page.pdf(prefer_css_page_size=True)))
    assert 2 <= len(printed.pages) <= most
    page.emulate_media(media="print")
    cut = page.locator("tr, figure, li, .criterion").evaluate_all(
        "all => all.filter(e => e.checkVisibility() && getComputedStyle(e).breakInside !== 'avoid').length"
    )
    assert cut == 0
    assert page.locator("figure .data").evaluate_all("all => all.every(e => !e.checkVisibility())")
