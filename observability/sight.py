"""One look at a page in the browser: load it, measure it, audit it, keep a picture."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Error, Page, Request

from observability import page_audit, page_pictures
from observability.browser import origin
from observability.page_sendings import Outbox
from observability.page_traffic import Traffic
from observability.seats import Seat, Seats
from observability.views import (
    Audit,
    Body,
    Load,
    Picture,
    Shape,
    Stop,
    Window,
)
from scorecard.evidence import Text

_PAINT_MS = 150

_TIMING = """(wait) => new Promise(resolve => {
  let paint = null;
  new PerformanceObserver(list => { for (const entry of list.getEntries()) paint = entry.startTime; })
    .observe({ type: 'largest-contentful-paint', buffered: true });
  setTimeout(() => resolve([performance.getEntriesByType('navigation')[0].loadEventEnd, paint]), wait);
})"""

_BODY = """() => {
  const ENTER = ['text', 'search', 'url', 'tel', 'email', 'password', 'date', 'month', 'week', 'time', 'number'];
  const root = document.querySelector('main, [role=main]') ?? document.body;
  const words = new Set((root?.innerText ?? '').toLowerCase().match(/[\\p{L}\\p{N}]+/gu) ?? []);
  const controls = root === null ? [] : [...root.querySelectorAll('input:not([type=hidden]), select, textarea, button')]
    .filter(e => e.checkVisibility()).map(e => `${e.tagName.toLowerCase()} ${e.name || e.type}`);
  const sends = form => {
    const lines = [...form.elements].filter(e => e.tagName === 'INPUT' && ENTER.includes(e.type));
    return [...form.elements].some(e => ['submit', 'image'].includes(e.type) && !e.disabled) || lines.length === 1;
  };
  const sendable = root === null ? [] : [...root.querySelectorAll('input:not([type=hidden]), select, textarea')]
    .filter(e => e.form !== null && e.name !== '' && sends(e.form)).map(e => `${e.tagName.toLowerCase()} ${e.name}`);
  return { words: [...words].slice(0, 20000), controls: controls.slice(0, 2000), sendable: sendable.slice(0, 2000) };
}"""

_SHAPE = """() => ({
  title: document.title.slice(0, 200),
  lang: document.documentElement.lang,
  nodes: document.querySelectorAll('*').length - document.querySelectorAll('svg *').length,
  width: Math.max(document.documentElement.scrollWidth, window.innerWidth),
  scripted: document.scripts.length > 0,
  linked: [...document.querySelectorAll('link[rel~=preconnect]')].map(e => e.href).slice(0, 100),
})"""


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
    """A page open in a window of the browser; :meth:`close` it."""

    seats: Seats
    seat: Seat
    address: str
    stop: Stop
    load: Load

    @property
    def page(self) -> Page:
        """The page."""
        return self.seat.page

    async def shape(self) -> Shape:
        """The page's title, language, size and what it offers."""
        found = await self.page.evaluate(_SHAPE)
        own = self.seat.traffic.own
        linked = {there for there in map(origin, found["linked"]) if there is not None and there != own}
        return Shape(
            title=found["title"] if self.stop.persona is None else "",  # it may name who is signed in
            lang=found["lang"],
            dom_nodes=found["nodes"],
            width=found["width"],
            linked=tuple(sorted(linked)),
            body=await self.body(),
            scripted=found["scripted"],
        )

    async def body(self) -> Body:
        """What the page offers to a reader."""
        found = await self.page.evaluate(_BODY)
        return Body(frozenset(found["words"]), frozenset(found["controls"]), frozenset(found["sendable"]))

    async def audit(self) -> Audit:
        """What axe says of the page, in the state it is in."""
        return await page_audit.audit(self.page, self.seat.window, private=self.stop.persona is not None)

    async def picture(self, file: Path) -> Picture:
        """Keep the page as a picture in ``file``, and give a small one; out of focus when somebody is signed in."""
        blurred = self.stop.persona is not None
        seat = self.seat
        return await page_pictures.take(seat.page, seat.session, self.stop.name, file, seat.window, blurred=blurred)

    async def again_without_script(self) -> Body:
        """What the page offers when it is loaded again with JavaScript switched off, as it then stays."""
        await self.seat.scripts(on=False)
        await self.page.goto(self.address, wait_until="load", timeout=0)
        return await self.body()

    async def again_slowly(self) -> float:
        """Seconds until the page has loaded anew over a slow telephone network, as that then stays."""
        await self.seat.network(slow=True)
        await self.page.goto(self.address, wait_until="load", timeout=0)
        seconds, _ = await _timing(self.page)
        return seconds

    def check(self) -> None:
        """Raise SightError when the page has meanwhile left the service: what was looked at is then not its page."""
        there = origin(self.page.url)
        if there != self.seat.traffic.own:
            raise SightError(_elsewhere(there or self.page.url[:100]))

    async def close(self) -> None:
        """Leave the window to the next visitor."""
        await self.seats.give_back(self.seat)


async def open_page(seats: Seats, stop: Stop, window: Window, limit: float, outbox: Outbox) -> Sight:
    """Load ``stop`` as a new visitor and measure the load; ``outbox`` sees what the page sends.

    Raises:
        TimeoutError: it did not load in ``limit`` seconds.
        BusyError: it loaded, and did not answer the browser for ``limit`` seconds after that.
        NotAPageError: it is something else than HTML.
        SightError: no answer, another status than success, or another origin that it leads to.
        playwright.async_api.Error: the page or the browser went away.
    """
    address = seats.url + stop.address
    seat = await seats.take(stop, window, outbox)
    try:
        async with asyncio.timeout(limit):
            await _arrive(seat.page, address, seat.traffic)
        try:
            async with asyncio.timeout(limit):
                seconds, paint = await _timing(seat.page)
        except TimeoutError as error:
            raise BusyError from error
    except BaseException:
        await seats.drop(seat)
        raise
    traffic = seat.traffic
    load = Load(seconds=seconds, largest_paint=paint, weight=traffic.weight, requests=len(traffic.asked))
    return Sight(seats, seat, address, stop, load)


async def _arrive(page: Page, url: str, traffic: Traffic) -> None:
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
