"""A tour of a service's pages in one browser, bounded in pages, loads and time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import Error

from observability.browser import browsing
from observability.page_sendings import Outbox
from observability.page_typing import leave, type_and_send
from observability.seats import Seats
from observability.sight import BusyError, NotAPageError, Sight, SightError, open_page
from observability.views import Stop, Tour, View, Window
from scorecard.evidence import Text
from scorecard.project import RunProfile

WINDOWS: tuple[Window, ...] = ("desktop", "phone")


@dataclass(frozen=True)
class Plan:
    """How much to look at.

    Attributes:
        pages: pages at most.
        loads: loads of each page in each window, one at a time.
        total_s: seconds after which nothing new begins.
        page_s: seconds a page may take to load, and then to be looked at; it is cut after that.
        together: pages looked at side by side.
    """

    pages: int
    loads: int
    total_s: float
    page_s: float = 10.0
    together: int = 3


PLANS: dict[RunProfile, Plan] = {
    "smoke": Plan(pages=2, loads=1, total_s=8.0),
    "quick": Plan(pages=16, loads=3, total_s=20.0, together=5),
    "standard": Plan(pages=30, loads=5, total_s=120.0),
    "full": Plan(pages=60, loads=5, total_s=400.0),
}

_GRACE = 1.15
"""Times its time that a tour may take to load the slowest page often enough."""

Tell = Callable[[float], None]


@dataclass(frozen=True)
class Typing:
    """What to type into forms, by kind, and every value that was typed, with its kind."""

    to_type: dict[str, str]
    typed: dict[str, str]


async def tour(
    url: str, stops: Sequence[Stop], plan: Plan, executable: str, folder: Path, typing: Typing, tell: Tell
) -> Tour:
    """See ``stops`` of the service at ``url``; pictures go to ``folder``.

    First every page is looked at in each window, without JavaScript, with its forms filled in and over a slow network,
    some pages side by side; then loads are timed, one at a time, the slowest page most often. When time runs out there
    are fewer of these, and pages that were not seen are said.

    Raises:
        playwright.async_api.Error: Chromium does not start.
    """
    async with browsing(executable, url) as browser:
        seen = Tour(stops=tuple(stops), browser=browser.version, page_s=plan.page_s)
        guide = _Guide(Seats(browser, url), plan, folder, typing, tell, seen)
        # Windows pay for their own start, the first one for the browser's too.
        await guide.seats.make(WINDOWS)
        await guide.look()
        await guide.measure()
        return seen


def next_load(views: Sequence[View], loads: int, *, late: bool) -> View | None:
    """What to load next: the slowest so far of those timed fewer than ``loads`` times, None when that is all.

    Each is timed once before one is timed again. When it is late only those whose paint nobody has seen yet, since
    beside others a browser may be too busy to paint, and the slowest of all: it is the fact, and one load is no median.
    """
    if late:
        asked = [view for view in views if view.largest_paint is None and not view.timed]
        asked += sorted(views, key=lambda view: -view.seconds)[:1]
    else:
        asked = sorted(views, key=lambda view: (len(view.timed) > 0, -view.seconds))
    return next((view for view in asked if len(view.timed) < loads), None)


@dataclass
class _Guide:
    seats: Seats
    plan: Plan
    folder: Path
    typing: Typing
    tell: Tell
    tour: Tour
    started: float = field(default_factory=time.monotonic)

    async def look(self) -> None:
        turns = asyncio.Semaphore(self.plan.together)
        done = 0

        async def one(number: int, stop: Stop) -> None:
            nonlocal done
            async with turns:
                if number >= self.plan.pages or self._late():
                    self.tour.miss(stop.name, _NO_TIME)
                else:
                    await self._see(stop, number)
            done += 1
            self.tell(0.6 * done / len(self.tour.stops))

        await asyncio.gather(*(one(number, stop) for number, stop in enumerate(self.tour.stops)))
        order = {stop.name: number for number, stop in enumerate(self.tour.stops)}
        self.tour.views.sort(key=lambda view: (order[view.path], WINDOWS.index(view.window)))
        self.tour.pictures.sort(key=lambda one: (order[one.path], WINDOWS.index(one.window)))
        self.tour.screenshots.sort()

    async def measure(self) -> None:
        most = max(1, len(self.tour.views) * self.plan.loads)
        views = list(self.tour.views)
        for turn in range(most):
            view = next_load(views, self.plan.loads, late=self._late())
            if view is None or self._late(_GRACE) or not self.seats.browser.is_connected():
                return
            self.tell(0.6 + 0.4 * turn / most)
            sight = await self._open(self.tour.stop(view.path), view.window)
            if sight is None:
                views.remove(view)
                continue
            view.timed.append(sight.load)
            view.others |= sight.seat.traffic.others()
            await sight.close()

    async def _see(self, stop: Stop, number: int) -> None:
        for window in WINDOWS:
            outbox = Outbox.of(self.seats.url, self.typing.typed if window == "desktop" else {})
            sight = await self._open(stop, window, outbox)
            if sight is None:
                return
            view = View(stop.name, window, sight.load)
            self.tour.views.append(view)
            try:
                await self._look(sight, view, f"{number + 1:02}-{window}.webp")
                if view.audit is None:
                    return  # said; a page that does not let itself be looked at would cost its time again
                match window:
                    case "desktop":
                        await self._use(sight, view)
                    case "phone":
                        await self._slowly(sight, stop)
            finally:
                view.others |= sight.seat.traffic.others()
                self.tour.leaks.setdefault(stop.name, set()).update(outbox.leaks)
                await sight.close()

    async def _look(self, sight: Sight, view: View, picture: str) -> None:
        async def look() -> None:
            view.shape = await sight.shape()
            view.others |= set(view.shape.linked)
            self.tour.pictures.append(await sight.picture(self.folder / picture))
            self.tour.screenshots.append(picture)
            audit = await sight.audit()
            sight.check()
            view.audit = audit

        await self._bounded(view.path, look())
        if view.audit is None:
            view.shape = None

    async def _use(self, sight: Sight, view: View) -> None:
        """Fill the forms in where scripts could see it, leave, and come back without scripts."""

        async def use() -> None:
            if view.shape is not None and view.shape.scripted:
                filled = await type_and_send(sight.page, sight.seat.traffic.own, self.typing.to_type)
                self.tour.filled[view.path] = filled.typed
                if filled.failed:
                    self.tour.unfilled[view.path] = filled.failed
                await leave(sight.page)
            self.tour.plain[view.path] = await sight.again_without_script()

        await self._bounded(view.path, use())

    async def _slowly(self, sight: Sight, stop: Stop) -> None:
        async def load() -> None:
            try:
                async with asyncio.timeout(self.plan.page_s):
                    self.tour.slow[stop.name] = await sight.again_slowly()
            except TimeoutError:
                self.tour.slow[stop.name] = None

        await self._bounded(stop.name, load(), times=2.0)

    async def _bounded(self, path: str, work: Awaitable[None], times: float = 1.0) -> None:
        try:
            async with asyncio.timeout(self.plan.page_s * times):
                await work
        except SightError as error:
            self.tour.miss(path, error.why)
        except TimeoutError:
            self.tour.miss(path, _stuck(self.plan.page_s))
        except Error as error:
            self.tour.miss(path, _said(error.message))

    async def _open(self, stop: Stop, window: Window, outbox: Outbox | None = None) -> Sight | None:
        watcher = Outbox.of(self.seats.url, {}) if outbox is None else outbox
        try:
            return await open_page(self.seats, stop, window, self.plan.page_s, watcher)
        except NotAPageError as error:
            self.tour.not_pages[stop.name] = str(error)
        except BusyError:
            self.tour.miss(stop.name, _stuck(self.plan.page_s))
        except SightError as error:
            self.tour.miss(stop.name, error.why)
        except TimeoutError:
            self.tour.miss(stop.name, _slow(self.plan.page_s), after=self.plan.page_s)
        except Error as error:
            self.tour.miss(stop.name, _said(error.message))
        return None

    def _late(self, times: float = 1.0) -> bool:
        return time.monotonic() - self.started > self.plan.total_s * times


def _said(message: str) -> Text:
    line = (message.splitlines() or [""])[0][:200]
    return Text(en=line, fr=line)


def _slow(limit: float) -> Text:
    return Text(
        en=f"not loaded after {limit:.0f} s, when it was cut", fr=f"pas chargée après {limit:.0f} s, puis interrompue"
    )


def _stuck(limit: float) -> Text:
    return Text(
        en=f"loaded, then too busy to be looked at for {limit:.0f} s",
        fr=f"chargée, puis trop occupée pour être examinée pendant {limit:.0f} s",
    )


_NO_TIME = Text(
    en="not looked at: this profile has no more pages or time",
    fr="pas examinée : ce profil n’a plus de pages ou de temps",
)
