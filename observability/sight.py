"""One look at a page in the browser: load it, measure it, audit it, keep a picture."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, CDPSession, Error, FloatRect, Page, Request

from observability.browser import fresh, origin
from observability.views import SIZES, Audit, Body, Load, Shape, Violation, Window
from scorecard.evidence import Text

_PAINT_MS = 150
_CLOSE_S = 3.0
_PICTURE_HEIGHT = 2400

# The package carries axe-core; the rest of it is for the synchronous driver.
_AXE_SCRIPT = (resources.files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")

_TIMING = """(wait) => new Promise(resolve => {
  let paint = null;
  new PerformanceObserver(list => { for (const entry of list.getEntries()) paint = entry.startTime; })
    .observe({ type: 'largest-contentful-paint', buffered: true });
  setTimeout(() => resolve([performance.getEntriesByType('navigation')[0].loadEventEnd, paint]), wait);
})"""

_BODY = """() => {
  const root = document.querySelector('main, [role=main]') ?? document.body;
  const words = new Set((root?.innerText ?? '').toLowerCase().match(/[\\p{L}\\p{N}]+/gu) ?? []);
  const controls = root === null ? [] : [...root.querySelectorAll('input:not([type=hidden]), select, textarea, button')]
    .filter(e => e.checkVisibility()).map(e => `${e.tagName.toLowerCase()} ${e.name || e.type}`);
  return { words: [...words].slice(0, 20000), controls: controls.slice(0, 2000) };
}"""

_SHAPE = """() => ({
  title: document.title.slice(0, 200),
  lang: document.documentElement.lang,
  nodes: document.querySelectorAll('*').length - document.querySelectorAll('svg *').length,
  width: Math.max(document.documentElement.scrollWidth, window.innerWidth),
  linked: [...document.querySelectorAll('link[rel~=preconnect]')].map(e => e.href).slice(0, 100),
})"""

# Rules of the law (RGAA 4, WCAG A and AA): good practices beyond it and experimental rules are not run.
_AXE = """async () => {
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'RGAAv4'];
  const found = await axe.run(document, { runOnly: { type: 'tag', values: tags } });
  const ran = ['passes', 'violations', 'incomplete', 'inapplicable'].flatMap(kind => found[kind]);
  return {
    version: found.testEngine.version,
    tests: [...new Set(ran.flatMap(rule => rule.tags))],
    to_review: found.incomplete.reduce((sum, rule) => sum + rule.nodes.length, 0),
    violations: found.violations.flatMap(rule => rule.nodes.map(node => ({
      rule: rule.id, impact: node.impact ?? rule.impact ?? 'serious', help: rule.help, tags: rule.tags,
      selector: node.target.flat(9).join(' ').slice(0, 300) }))),
  };
}"""


class SightError(Exception):
    """A page could not be seen; ``why`` says what came instead."""

    def __init__(self, why: Text) -> None:
        super().__init__(why.en)
        self.why = why


class BusyError(Exception):
    """The page loaded, and was then too busy to be looked at."""


class NotAPageError(Exception):
    """The service answered with something else than a page in HTML; the message is its type."""


@dataclass
class Sight:
    """A page open in a browser of its own; :meth:`close` it."""

    page: Page
    load: Load
    own: str | None
    others: set[str]

    async def shape(self) -> Shape:
        """The page's title, language, size and what it offers."""
        found = await self.page.evaluate(_SHAPE)
        linked = {there for there in map(origin, found["linked"]) if there is not None and there != self.own}
        return Shape(
            title=found["title"],
            lang=found["lang"],
            dom_nodes=found["nodes"],
            width=found["width"],
            linked=tuple(sorted(linked)),
            body=await self.body(),
        )

    async def body(self) -> Body:
        """What the page offers to a reader."""
        found = await self.page.evaluate(_BODY)
        return Body(words=frozenset(found["words"]), controls=frozenset(found["controls"]))

    async def audit(self) -> Audit:
        """What axe says of the page, in the state it is in."""
        await self.page.evaluate(_AXE_SCRIPT)
        found = await self.page.evaluate(_AXE)
        return Audit(
            violations=tuple(_violation(one) for one in found["violations"]),
            to_review=found["to_review"],
            tests=frozenset(_tests(found["tests"])),
            version=found["version"],
        )

    async def picture(self, path: Path, window: Window, limit: float) -> None:
        """Write the page as PNG, from its top down to 2 400 pixels."""
        width, _ = SIZES[window]
        height = await self.page.evaluate("() => document.documentElement.scrollHeight")
        clip: FloatRect = {"x": 0, "y": 0, "width": width, "height": max(1, min(height, _PICTURE_HEIGHT))}
        await self.page.screenshot(path=path, full_page=True, clip=clip, timeout=limit * 1000)

    def check(self) -> None:
        """Raise SightError when the page has meanwhile left the service: what was looked at is then not its page."""
        there = origin(self.page.url)
        if there != self.own:
            raise SightError(_elsewhere(there or self.page.url[:100]))

    async def close(self) -> None:
        """Forget the visitor, even when the page does not let go."""
        await _forget(self.page.context)


async def open_page(browser: Browser, url: str, window: Window, limit: float, *, script: bool = True) -> Sight:
    """Load ``url`` as a new visitor and measure the load.

    Raises:
        TimeoutError: it did not load in ``limit`` seconds.
        BusyError: it loaded, and did not answer the browser for ``limit`` seconds after that.
        NotAPageError: it is something else than HTML.
        SightError: no answer, another status than success, or another origin that it leads to.
        playwright.async_api.Error: the page or the browser went away.
    """
    context = await fresh(browser, window, script=script)
    try:
        page = await context.new_page()
        traffic = await _watch(page, url)
        async with asyncio.timeout(limit):
            await _arrive(page, url, traffic)
        try:
            async with asyncio.timeout(limit):
                seconds, paint = await _timing(page) if script else (0.0, None)
        except TimeoutError as error:
            raise BusyError from error
    except BaseException:
        await _forget(context)
        raise
    load = Load(seconds=seconds, largest_paint=paint, weight=traffic.weight, requests=len(traffic.asked))
    return Sight(page=page, load=load, own=traffic.own, others=traffic.others())


async def _forget(context: BrowserContext) -> None:
    # A page that is too busy to close goes with the browser at the end, which cannot be refused.
    with suppress(TimeoutError):
        async with asyncio.timeout(_CLOSE_S):
            await context.close()


@dataclass
class _Traffic:
    own: str | None
    asked: dict[Request, str] = field(default_factory=dict)
    weight: float = 0.0
    sockets: set[str] = field(default_factory=set)

    def request(self, request: Request) -> None:
        there = origin(request.url)
        if there is not None:
            self.asked[request] = there

    def failed(self, request: Request) -> None:
        # What the page's own policy refused ("csp") never leaves the browser; what our fence refused would have.
        if not (request.failure or "").startswith("net::"):
            self.asked.pop(request, None)

    def finished(self, event: dict[str, Any]) -> None:
        self.weight += event["encodedDataLength"]

    def others(self) -> set[str]:
        return {there for there in {*self.asked.values(), *self.sockets} if there != self.own}


async def _watch(page: Page, url: str) -> _Traffic:
    traffic = _Traffic(own=origin(url))
    page.on("request", traffic.request)
    page.on("requestfailed", traffic.failed)
    page.on("websocket", lambda socket: traffic.sockets.add(origin(socket.url) or socket.url))
    session: CDPSession = await page.context.new_cdp_session(page)
    await session.send("Network.enable")
    session.on("Network.loadingFinished", traffic.finished)
    return traffic


async def _arrive(page: Page, url: str, traffic: _Traffic) -> None:
    try:
        response = await page.goto(url, wait_until="load", timeout=0)  # the caller's limit ends it
    except Error as error:
        outside = next((there for request, there in traffic.asked.items() if _leads_out(request, page, url)), None)
        raise SightError(_as_it_is(_first_line(error)) if outside is None else _elsewhere(outside)) from error
    if response is None:
        raise SightError(Text(en="no answer", fr="aucune réponse"))
    if not response.ok:
        raise SightError(_as_it_is(f"HTTP {response.status}"))
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ("text/html", "application/xhtml+xml"):
        raise NotAPageError(kind or "no content type")


async def _timing(page: Page) -> tuple[float, float | None]:
    """Seconds to the end of the load event, and to the largest paint; a load event that did not end is no fast one."""
    end, paint = await page.evaluate(_TIMING, _PAINT_MS)
    if end <= 0:
        raise SightError(
            Text(
                en="the browser reported no end of the load event",
                fr="le navigateur n’a indiqué aucune fin de chargement",
            )
        )
    return round(end / 1000, 4), None if paint is None else round(paint / 1000, 4)


def _leads_out(request: Request, page: Page, url: str) -> bool:
    return request.is_navigation_request() and request.frame == page.main_frame and origin(request.url) != origin(url)


def _elsewhere(there: str) -> Text:
    return Text(en=f"it leads to {there}", fr=f"elle mène à {there}")


def _as_it_is(message: str) -> Text:
    return Text(en=message, fr=message)


def _first_line(error: Error) -> str:
    return error.message.splitlines()[0].removeprefix("Page.goto: ").partition(" at ")[0]


def _violation(found: dict[str, Any]) -> Violation:
    return Violation(
        rule=found["rule"],
        impact=found["impact"],
        selector=found["selector"],
        help=found["help"],
        criteria=tuple(sorted(_tests(found["tags"]))),
    )


def _tests(tags: list[str]) -> list[str]:
    return [tag.removeprefix("RGAA-") for tag in tags if tag.startswith("RGAA-")]
