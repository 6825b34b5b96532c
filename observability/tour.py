"""A tour of a service's pages in one browser, bounded in pages, loads and time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import Browser, Error

from observability.browser import browsing, fresh
from observability.sight import BusyError, NotAPageError, Sight, SightError, open_page
from observability.views import Tour, View, Window
from scorecard.evidence import Text
from scorecard.project import RunProfile

WINDOWS: tuple[Window, ...] = ("desktop", "phone")


@dataclass(frozen=True)
class Plan:
    """How much to look at.

    Attributes:
        pages: pages at most.
        loads: loads of each page in each window.
        total_s: seconds after which nothing new begins.
        page_s: seconds a page may take to load, and then to be looked at; it is cut after that.
    """

    pages: int
    loads: int
    total_s: float
    page_s: float = 10.0


PLANS: dict[RunProfile, Plan] = {
    "smoke": Plan(pages=2, loads=1, total_s=8.0),
    "quick": Plan(pages=8, loads=3, total_s=18.0),
    "standard": Plan(pages=20, loads=5, total_s=120.0),
    "full": Plan(pages=60, loads=5, total_s=400.0),
}

_GRACE = 1.5
"""Times its time that a tour may take to load the slowest page often enough."""

Tell = Callable[[float], None]


async def tour(url: str, paths: tuple[str, ...], plan: Plan, executable: str, folder: Path, tell: Tell) -> Tour:
    """Look at ``paths`` of the service at ``url`` as someone who is not signed in; pictures go to ``folder``.

    First every page is seen once in each window, and once without JavaScript; then loads are repeated, the slowest page
    first. When time runs out there are fewer repeats, and pages that were not seen are said.

    Raises:
        playwright.async_api.Error: Chromium does not start.
    """
    async with browsing(executable, url) as browser:
        guide = _Guide(url, plan, browser, folder, tell, Tour(browser=browser.version))
        # The first window of a browser pays for its own start.
        await (await fresh(browser, "desktop")).close()
        for number, path in enumerate(paths):
            tell(0.6 * number / len(paths))
            await guide.see(path, number)
        await guide.repeat()
        return guide.tour


def next_load(views: Sequence[View], loads: int, *, late: bool) -> View | None:
    """What to load once more: the slowest so far of those loaded fewer than ``loads`` times, None when that is all.

    When it is late the slowest of all only: it is the fact, and one load is no median.
    """
    slowest_first = sorted(views, key=lambda view: view.seconds, reverse=True)
    asked = slowest_first[:1] if late else slowest_first
    return next((view for view in asked if len(view.loads) < loads), None)


@dataclass
class _Guide:
    url: str
    plan: Plan
    browser: Browser
    folder: Path
    tell: Tell
    tour: Tour
    started: float = field(default_factory=time.monotonic)

    async def see(self, path: str, number: int) -> None:
        if number >= self.plan.pages or self._late():
            self.tour.miss(path, _NO_TIME)
            return
        for window in WINDOWS:
            view = View(path, window)
            sight = await self._open(path, window)
            if sight is None:
                return
            self.tour.views.append(view)
            view.loads.append(sight.load)
            view.others |= sight.others
            await self._look(sight, view, f"{number + 1:02}-{window}.png")
            if view.audit is None:
                return  # said; a page that does not let itself be looked at would cost its time again
        plain = await self._open(path, "desktop", script=False)
        if plain is not None:
            await self._read(plain, path)

    async def repeat(self) -> None:
        most = max(1, len(self.tour.views) * (self.plan.loads - 1))
        views = list(self.tour.views)
        for turn in range(most):
            view = next_load(views, self.plan.loads, late=self._late())
            if view is None or self._late(_GRACE) or not self.browser.is_connected():
                return
            self.tell(0.6 + 0.4 * turn / most)
            sight = await self._open(view.path, view.window)
            if sight is None:
                views.remove(view)
                continue
            view.loads.append(sight.load)
            view.others |= sight.others
            await sight.close()

    async def _look(self, sight: Sight, view: View, picture: str) -> None:
        try:
            async with asyncio.timeout(self.plan.page_s):
                view.shape = await sight.shape()
                view.others |= set(view.shape.linked)
                await sight.picture(self.folder / picture, view.window, self.plan.page_s)
                self.tour.screenshots.append(picture)
                audit = await sight.audit()
                sight.check()
                view.audit = audit
        except SightError as error:
            view.shape = None
            self.tour.miss(view.path, error.why)
        except TimeoutError:
            self.tour.miss(view.path, _stuck(self.plan.page_s))
        except Error as error:
            self.tour.miss(view.path, _said(error.message))
        finally:
            await sight.close()

    async def _read(self, sight: Sight, path: str) -> None:
        try:
            async with asyncio.timeout(self.plan.page_s):
                self.tour.plain[path] = await sight.body()
        except TimeoutError:
            self.tour.miss(path, _stuck(self.plan.page_s))
        except Error as error:
            self.tour.miss(path, _said(error.message))
        finally:
            await sight.close()

    async def _open(self, path: str, window: Window, *, script: bool = True) -> Sight | None:
        try:
            return await open_page(self.browser, self.url + path, window, self.plan.page_s, script=script)
        except NotAPageError as error:
            self.tour.not_pages[path] = str(error)
        except BusyError:
            self.tour.miss(path, _stuck(self.plan.page_s))
        except SightError as error:
            self.tour.miss(path, error.why)
        except TimeoutError:
            self.tour.miss(path, _slow(self.plan.page_s), after=self.plan.page_s)
        except Error as error:
            self.tour.miss(path, _said(error.message))
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
