"""The evidence "pages-peak": how long the pages take to load while as many people come as at the peak."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random, SystemRandom
from statistics import median
from typing import TYPE_CHECKING, Protocol

from observability.page_access import Shut, bounded, chromium, not_started
from observability.views import Stop
from scorecard.evidence import Column, Evidence, Fact, Finding, Provenance, Severity, Status, Table, Text, Unit
from scorecard.project import RunProfile
from scorecard.site import Site

if TYPE_CHECKING:
    from observability.seats import Seats

NAME = "pages-peak"
FACTS = {"page.peak_load_time": Unit.SECOND, "page.peak_rate": Unit.JOURNEYS_PER_SECOND, "page.peak_loads": Unit.COUNT}
SECONDS: dict[RunProfile, float] = {"smoke": 4.0, "quick": 7.0, "standard": 25.0, "full": 60.0}
"""How long the load goes on."""
OFFICIAL_S = 0.8
"""From here on the indicator « Temps de chargement » of the observatory is red (DINUM)."""

_MOST_LOADS = 5
_PAGES = 20
_PAGE_S = 10.0


class Load(Protocol):
    """A load that somebody else keeps up."""

    @property
    def rate(self) -> float:
        """Journeys that begin a second."""

    def left_s(self) -> float:
        """Seconds for which it still goes on."""

    def why_it_does_not_count(self) -> Text | None:
        """Once it is over: why what was met beside it says nothing."""


Under = Callable[[Site, float], AbstractContextManager[Load]]


@dataclass
class Timed:
    """A page: seconds to the end of its load, alone and at the peak; ``cut`` is what one took at least."""

    stop: Stop
    rest: float | None = None
    peak: list[float] = field(default_factory=list)
    cut: float | None = None
    missed: Text | None = None


def collect(site: Site, under: Under, *, random: Random | None = None) -> Evidence:
    """Evidence ``pages-peak``: each page loaded once alone, then again and again while ``under`` keeps a load up.

    In Chromium, in the window of a desktop, with an empty cache; those of the journeys signed in. The browser and the
    load share this machine with the service, so that the times are rather too long than too short. They count only if
    the load was the one meant and its errors within the objective.
    """
    executable = chromium(site)
    if isinstance(executable, Shut):
        return unobserved(site, executable.status, executable.reason)
    from playwright.async_api import Error

    from observability.page_session import play

    assert site.url is not None
    started = datetime.now(UTC)
    played = play(site, SystemRandom() if random is None else random, bounded)
    stops = {path: Stop(path, path) for path in site.project.target.pages} | played.stops
    pages = [Timed(stop) for stop in list(stops.values())[:_PAGES]]
    try:
        version, load = asyncio.run(_measure(site, executable, pages, under))
    except Error as error:
        return unobserved(site, Status.ERROR, not_started(error.message))
    reason = load.why_it_does_not_count()
    unknown = reason if reason is not None else _gap(pages)
    degraded = unknown if unknown is not None else played.gap
    return Evidence(
        name=NAME,
        collector="observability",
        project=site.project.project.name,
        status=Status.COMPLETED if degraded is None else Status.DEGRADED,
        reason=degraded,
        provenance=Provenance.since(
            started, tool="Chromium", version=version, command=("GET", *(one.stop.name[:200] for one in pages))
        ),
        facts=_facts(pages, load.rate, unknown),
        findings=() if reason is not None else tuple(_findings(pages, load.rate)),
        tables=(_table(pages),),
    )


def unobserved(site: Site, status: Status, reason: Text) -> Evidence:
    """The evidence that nothing was measured, and why."""
    return Evidence(
        name=NAME,
        collector="observability",
        project=site.project.project.name,
        status=status,
        reason=reason,
        facts=tuple(Fact(id=fact, value=None, unit=unit, reason=reason) for fact, unit in FACTS.items()),
    )


async def _measure(site: Site, executable: str, pages: list[Timed], under: Under) -> tuple[str, Load]:
    from observability.browser import browsing
    from observability.seats import Seats

    assert site.url is not None
    url = site.url.rstrip("/")
    async with browsing(executable, url) as browser:
        seats = Seats(browser, url)
        await seats.make(["desktop"])
        for one in pages:
            _tell(site, 0.1)
            one.rest = await _load(seats, one, _PAGE_S)
        with ExitStack() as stack:
            # Starting the load takes seconds in which the browser must not be kept waiting.
            load = await asyncio.to_thread(stack.enter_context, under(site, SECONDS[site.profile]))
            await _under(site, seats, [one for one in pages if one.missed is None], load)
            await asyncio.to_thread(stack.close)
        return browser.version, load


async def _under(site: Site, seats: Seats, pages: list[Timed], load: Load) -> None:
    """Load the pages in turn until the load ends; a page still loading then took at least so long."""
    whole = load.left_s()
    for _ in range(_MOST_LOADS):
        for one in pages:
            left = load.left_s()
            _tell(site, 0.3 + 0.6 * (1 - left / whole) if whole else 0.9)
            if left <= 0:
                return
            if one.missed is not None or one.cut is not None:
                continue
            limit = min(_PAGE_S, left)
            seconds = await _load(seats, one, limit)
            if seconds is not None and load.left_s() > 0:
                one.peak.append(seconds)
            elif seconds is None and one.missed is None and (limit >= OFFICIAL_S or not one.peak):
                one.cut = limit


async def _load(seats: Seats, one: Timed, limit: float) -> float | None:
    """Seconds that a page took to load; None when it was cut, or when ``missed`` now says why it was not loaded."""
    from playwright.async_api import Error

    from observability.page_sendings import Outbox
    from observability.sight import BusyError, NotAPageError, SightError, open_page

    try:
        sight = await open_page(seats, one.stop, "desktop", limit, Outbox.of(seats.url, {}))
    except (TimeoutError, BusyError):
        return None
    except NotAPageError as error:
        one.missed = Text(en=str(error), fr=str(error))
        return None
    except SightError as error:
        one.missed = error.why
        return None
    except Error as error:
        line = (error.message.splitlines() or [""])[0][:200]
        one.missed = Text(en=line, fr=line)
        return None
    await sight.close()
    return sight.load.seconds


def _gap(pages: list[Timed]) -> Text | None:
    """The first page that was not loaded at the peak, and why."""
    for one in pages:
        if one.missed is not None:
            return Text(en=f"{one.stop.name}: {one.missed.en}", fr=f"{one.stop.name}\u202f: {one.missed.fr}")
        if not one.peak and one.cut is None:
            return Text(
                en=f"{one.stop.name}: not loaded while the load went on",
                fr=f"{one.stop.name}\u202f: pas chargée pendant que durait la charge",
            )
    return None


def _facts(pages: list[Timed], rate: float, unknown: Text | None) -> tuple[Fact, ...]:
    loads = sum(len(one.peak) for one in pages)
    return (
        _load_time(pages, rate, unknown),
        Fact(id="page.peak_rate", value=rate, unit=Unit.JOURNEYS_PER_SECOND),
        Fact(id="page.peak_loads", value=loads, unit=Unit.COUNT, detail=f"{len(pages)} pages"),
    )


def _load_time(pages: list[Timed], rate: float, unknown: Text | None) -> Fact:
    fact = "page.peak_load_time"
    if unknown is not None or not pages:
        return Fact(id=fact, value=None, unit=Unit.SECOND, reason=_NO_PAGE if unknown is None else unknown)
    cut = max((one for one in pages if one.cut is not None), key=lambda one: one.cut or 0.0, default=None)
    slowest = max((one for one in pages if one.peak), key=lambda one: median(one.peak), default=None)
    beside = f"desktop, at {rate:.3g} journeys/s, the browser on the same machine"
    if cut is not None and (slowest is None or (cut.cut or 0.0) > median(slowest.peak)):
        return Fact(
            id=fact,
            value=cut.cut,
            low=cut.cut,
            unit=Unit.SECOND,
            reason=Text(en="it was cut there", fr="il a été interrompu là"),
            detail=f"GET {cut.stop.name}, {beside}",
        )
    assert slowest is not None
    return Fact(
        id=fact,
        value=median(slowest.peak),
        low=min(slowest.peak),
        high=max(slowest.peak),
        unit=Unit.SECOND,
        detail=f"GET {slowest.stop.name}, n = {len(slowest.peak)}, {beside}",
    )


def _findings(pages: list[Timed], rate: float) -> list[Finding]:
    """Pages that load within the official line alone, and not at the peak."""
    found = []
    for one in sorted(pages, key=lambda one: -_seconds(one)):
        seconds = _seconds(one)
        if seconds >= OFFICIAL_S and one.rest is not None and one.rest < OFFICIAL_S:
            at_least = "at least " if one.cut is not None else ""
            found.append(
                Finding(
                    category="load-time",
                    rule="slow-at-peak",
                    severity=Severity.MEDIUM,
                    location=f"GET {one.stop.name}",
                    message=f"the page takes {at_least}{seconds:.2g} s to load at {rate:.3g} journeys/s, and "
                    f"{one.rest:.2g} s alone; the official line is {OFFICIAL_S:g} s",
                )
            )
    return found


def _seconds(one: Timed) -> float:
    times = [*one.peak, *(() if one.cut is None else (one.cut,))]
    return median(times) if times else 0.0


def _table(pages: list[Timed]) -> Table:
    return Table(
        id="page.peak",
        columns=(
            Column(name="page"),
            Column(name="at_rest", unit=Unit.SECOND),
            Column(name="at_peak", unit=Unit.SECOND),
            Column(name="loads", unit=Unit.COUNT),
        ),
        rows=tuple((one.stop.name, one.rest, median(one.peak) if one.peak else None, len(one.peak)) for one in pages),
    )


def _tell(site: Site, share: float) -> None:
    site.progress(Text(en="Loading the pages at the peak", fr="Chargement des pages à la pointe"), share, None)


_NO_PAGE = Text(en="no page is named", fr="aucune page n’est indiquée")
