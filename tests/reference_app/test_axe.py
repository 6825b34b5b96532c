"""Every page there is, in a real Chromium: axe, keyboard, zoom; as each person, in both languages, desk and phone.

The pages come from the routes of the application (documents.py): a new page is looked at without being listed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from chromium import NEEDED, show, violations
from documents import Document, answers, enough, slips
from journeys import LOOKED_AT
from playwright.sync_api import Browser, Page

DESK = 1280
ZOOMED = 320
"""Pixels of width: what 1280 are at 400 % (WCAG 2.1, 1.4.10)."""

pytestmark = NEEDED

# Whatever can be used must be reached by Tab, one of each group of radio buttons, and be seen to have the focus.
WATCH = """() => {
  const seen = new Set(), hidden = new Set();
  addEventListener("focusin", ({target}) => {
    seen.add(target);
    const style = getComputedStyle(target), box = target.getBoundingClientRect();
    const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
    if (!outlined || box.width === 0 || box.right <= 0) hidden.add(target);
  });
  const usable = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")]
    .filter((e) => e.type !== "hidden" && !e.disabled && e.checkVisibility());
  window.reached = () => {
    const groups = new Set([...seen].filter((e) => e.type === "radio").map((e) => e.name));
    const lost = usable.filter((e) => !seen.has(e) && !(e.type === "radio" && groups.has(e.name)));
    const said = (word, elements) => elements.map((e) => `${word}: ${e.outerHTML.slice(0, 120)}`);
    return [...said("out of reach", lost), ...said("focus not seen", [...hidden])];
  };
  const fields = usable.map((e) => (/date|time|month|week/.test(e.type) ? 5 : 1));  // of a date each part is one stop
  return fields.reduce((sum, stops) => sum + stops, 2);
}"""


@pytest.fixture(scope="module")
def seen(inhabited: Any) -> dict[str, list[Document]]:
    """Every page in each language. All are opened before any form is sent, which may change what the next one shows."""
    found: dict[str, list[Document]] = {"fr": [], "en": []}
    for method in ("GET", "POST"):
        for language, documents in found.items():
            documents += answers(inhabited, language, method)
    return found


@pytest.fixture(params=[("fr", 390, "dark"), ("en", DESK, "light")], ids=["phone-dark-fr", "desk-light-en"])
def window(request: Any, browser: Browser) -> Iterator[tuple[str, Page]]:
    language, width, scheme = request.param
    size = {"width": width, "height": 800}
    with browser.new_context(viewport=size, color_scheme=scheme, locale=language) as context:
        page = context.new_page()
        page.set_default_timeout(30_000)
        yield language, page


def width_of(page: Page) -> list[str]:
    """Whether one has to scroll sideways: in this window, and in a phone's also when all is four times as large."""
    size = page.viewport_size
    assert size is not None
    said = []
    for width in (size["width"], ZOOMED) if size["width"] < DESK else (size["width"],):
        page.set_viewport_size({"width": width, "height": size["height"]})
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            said.append(f"scrolls sideways at {width} px")
    page.set_viewport_size(size)
    return said


def unreached(page: Page) -> list[str]:
    """What Tab does not reach, and what it reaches unseen; asked at a desk, where the keyboard is."""
    size = page.viewport_size
    if size is None or size["width"] < DESK:
        return []
    for _ in range(page.evaluate(WATCH)):
        page.keyboard.press("Tab")
    return [str(said) for said in page.evaluate("reached()")]


def test_every_page(inhabited, seen, window):
    language, page = window
    found = [document for document in seen[language] if document.is_page]
    troubles = {document.name: said for document in found if (said := slips(document.text))}
    for document in enough(found):
        show(page, inhabited.url + document.path, document.text)
        said = violations(page)
        if page.locator("html").get_attribute("lang") != language:
            said.append(f"is not said to be in {language}")
        said += width_of(page) + unreached(page)
        if said:
            troubles[document.name] = said
    assert troubles == {}, "\n" + "\n".join(f"{name}: {said}" for name, said in troubles.items())


NO_PAGES = {
    "/sign-in/{who}": "leads to the provider",
    "/sign-in/{who}/callback": "comes back from there",
    "/open-data/{procedure}.{extension}": "a file, which is there after the night's work",
    "/open-data/{procedure}/datapackage.json": "a file, too",
}


def test_no_page_is_left_out(inhabited, seen):
    """Each route that is opened in a browser opens for somebody, here or on a journey (test_journeys.py)."""
    opened = {one.route for one in seen["fr"] if one.status == 200 and one.asked.startswith("GET")}
    pages = {route for route in inhabited.routes("GET") if not re.match("/(api|livez|readyz|openapi)", route)}
    left_out = sorted(pages - opened - set(NO_PAGES) - LOOKED_AT)
    assert left_out == [], left_out
    assert len(opened) > 20


def test_what_is_wrong_would_be_found(inhabited, window):
    """The control: a page with a violation, a width, a control out of reach and a focus that is not seen."""
    language, page = window
    show(page, f"{inhabited.url}/planted", PLANTED)
    assert {text.partition(":")[0] for text in violations(page)} >= {"html-has-lang", "image-alt", "label"}
    assert width_of(page)
    if language == "en":
        assert {text.partition(":")[0] for text in unreached(page)} == {"out of reach", "focus not seen"}
    assert slips(PLANTED) == ['<a href="/x"></', "twice: one", "to nowhere: two"]


PLANTED = """<!doctype html><html><head><title>x</title></head><body><h1>x</h1><img src="/static/icon.svg"><input>
<div style="width: 4000px">wide</div><a href="/" tabindex="-1">lost</a><a href="/" style="outline: none">hidden</a>
<p id="one">1</p><p id="one">1</p><a href="/x"></a><a href="#two">2</a>"""
