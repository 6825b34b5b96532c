"""Made-up values typed into the forms of a page in the browser, and the forms sent, though not to the service."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from playwright.async_api import ElementHandle, Error, Page, Route

from observability.browser import origin
from scorecard.personal_data import Kind

FREE_TEXT = "text"
"""Kind of what is typed into a field that asks for nothing in particular."""
TELEPHONE = "06 39 98 74 12"
"""Of the numbers that ARCEP keeps for fiction: 06 39 98 00 00 to 06 39 98 99 99."""
NIR = "2 55 08 14 168 025 38"
"""The social security number of INSEE's own example."""

_MOST_FIELDS = 30
_MOST_FAILED = 2
_FIELD_S = 2.0
_LATER_S = 0.4
_LEAVING_S = 0.15

_FIELDS = "input, textarea"
_ABOUT = """(e) => e.disabled || e.readOnly || !e.checkVisibility() ? null
  : [e.type, e.autocomplete, e.name, e.id, e.placeholder, [...(e.labels ?? [])].map(l => l.innerText).join(' ')]"""
_SEND = """() => {
  const forms = [...document.forms].slice(0, 10);
  for (const form of forms) {
    form.noValidate = true;
    form.requestSubmit();
  }
}"""
# What a browser does when a page is left; requests that begin later than that are no longer told by its protocol.
_HIDE = """() => {
  Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });
  document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
  window.dispatchEvent(new PageTransitionEvent('pagehide'));
}"""
_WANTED: tuple[tuple[str, re.Pattern[str]], ...] = (
    (Kind.EMAIL, re.compile(r"e-?mail|courriel|\bmél\b")),
    (Kind.IBAN, re.compile(r"iban")),
    (Kind.NIR, re.compile(r"\bnir\b|sécu|secu|insee|\bssn\b")),
    (Kind.TELEPHONE, re.compile(r"\btel\b|phone|téléphone|portable|mobile")),
    (Kind.NAME, re.compile(r"name|\bnom\b|prénom|prenom|identit")),
)
_TYPED = {"text", "email", "tel", "search", "url", "textarea", "password"}


@dataclass
class Filled:
    """How many fields of a page were typed into, and how many could not be."""

    typed: int = 0
    failed: int = 0


async def type_and_send(page: Page, own: str | None, values: Mapping[str, str]) -> Filled:
    """Type ``values`` (by kind) into the fields of ``page``, leave each, send the forms.

    Whatever then would be written to the service is answered here in its place, so that scripts go on and nothing is
    changed. The page is left at the end, as a visitor does.
    """

    async def stand_in(route: Route) -> None:
        request = route.request
        if origin(request.url) != own or (request.method in ("GET", "HEAD") and not request.is_navigation_request()):
            await route.fallback()
        elif request.is_navigation_request():
            await route.fulfill(status=204)  # a browser stays on the page then
        else:
            await route.fulfill(status=200, content_type="application/json", body="{}")

    await page.route("**/*", stand_in)
    filled = Filled()
    for element in (await page.query_selector_all(_FIELDS))[: 3 * _MOST_FIELDS]:
        try:
            filled.typed += await _type(element, values)
        except Error:  # something lies over the field, or a script took it away
            filled.failed += 1
        if filled.typed >= _MOST_FIELDS or filled.failed >= _MOST_FAILED:
            break
    with suppress(Error):
        await page.evaluate(_SEND)
    await asyncio.sleep(_LATER_S)  # scripts gather what was typed before they send it
    return filled


async def leave(page: Page) -> None:
    """Tell the page that it is being left, which some scripts wait for to send what they gathered."""
    await page.unroute_all(behavior="ignoreErrors")
    with suppress(Error):
        await page.evaluate(_HIDE)
    await asyncio.sleep(_LEAVING_S)


async def _type(element: ElementHandle, values: Mapping[str, str]) -> int:
    about: list[Any] | None = await element.evaluate(_ABOUT)
    if about is None or about[0] not in _TYPED:
        return 0
    kind = kind_of(about[0], " ".join(str(word) for word in about[1:]))
    await element.fill(values.get(kind, values[FREE_TEXT]), timeout=_FIELD_S * 1000)
    await element.press("Tab", timeout=_FIELD_S * 1000)
    return 1


def kind_of(type_: str, words: str) -> str:
    """What a field asks for, by its type and the words around it; :data:`FREE_TEXT` where they do not tell."""
    by_type = {"email": Kind.EMAIL, "tel": Kind.TELEPHONE}
    if type_ in by_type:
        return by_type[type_]
    words = words.lower().replace("_", " ")
    return next((kind for kind, pattern in _WANTED if pattern.search(words)), FREE_TEXT)
