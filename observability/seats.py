"""Windows of one browser that visitors take one after another, each as if it were new."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from playwright.async_api import Browser, BrowserContext, CDPSession, Error, Page

from observability.browser import fresh
from observability.page_sendings import Outbox, show_bodies
from observability.page_traffic import Traffic
from observability.views import SLOW_BYTES_PER_S, SLOW_LATENCY_S, Stop, Window

_CLOSE_S = 3.0


@dataclass
class Seat:
    """A window, and what its page of the moment asks for and sends."""

    window: Window
    context: BrowserContext
    page: Page
    session: CDPSession
    traffic: Traffic
    outbox: Outbox
    idle: bool = False

    async def scripts(self, *, on: bool) -> None:
        """Switch JavaScript on or off, from the next page on."""
        await self.session.send("Emulation.setScriptExecutionDisabled", {"value": not on})

    async def network(self, *, slow: bool) -> None:
        """Make the network that of a slow telephone, or leave it as it is."""
        wanted = {
            "offline": False,
            "latency": SLOW_LATENCY_S * 1000 if slow else 0,
            "downloadThroughput": SLOW_BYTES_PER_S if slow else -1,
            "uploadThroughput": SLOW_BYTES_PER_S if slow else -1,
        }
        await self.session.send("Network.emulateNetworkConditions", wanted)


@dataclass
class Seats:
    """The windows of one browser for pages of the service at ``url``.

    A window is made once and taken again, since to make one costs the processor several times what a page costs. Who
    takes it finds no cookie but their own, nothing stored, and no cache.
    """

    browser: Browser
    url: str
    made: list[Seat] = field(default_factory=list)

    async def take(self, stop: Stop, window: Window, outbox: Outbox) -> Seat:
        """A window for whoever sees ``stop``; ``outbox`` sees what the page sends."""
        seat = next((one for one in self.made if one.idle and one.window == window), None)
        if seat is None:
            seat = await self._new(window)
        seat.idle = False
        seat.traffic, seat.outbox = Traffic(seat.traffic.own), outbox
        try:
            if stop.cookies:
                await seat.context.add_cookies(
                    [{"name": name, "value": value, "url": self.url + path} for name, value, path in stop.cookies]
                )
        except Error:
            await self.drop(seat)
            raise
        return seat

    async def give_back(self, seat: Seat) -> None:
        """Clear a window for the next visitor; one that does not let itself be cleared is closed."""
        try:
            async with asyncio.timeout(_CLOSE_S):
                await seat.page.unroute_all(behavior="ignoreErrors")
                await seat.page.goto("about:blank")
                await seat.scripts(on=True)
                await seat.network(slow=False)
                everything = {"origin": self.url, "storageTypes": "all"}
                await seat.session.send("Storage.clearDataForOrigin", everything)
                await seat.context.clear_cookies()
            seat.idle = True
        except (TimeoutError, Error):
            await self.drop(seat)

    async def drop(self, seat: Seat) -> None:
        """Close a window, even when its page does not let go."""
        if seat in self.made:
            self.made.remove(seat)
        # A page that is too busy to close goes with the browser at the end, which cannot be refused.
        with suppress(TimeoutError, Error):
            async with asyncio.timeout(_CLOSE_S):
                await seat.context.close()

    async def make(self, windows: Sequence[Window]) -> None:
        """Have windows ready before anybody comes."""
        for window in windows:
            (await self._new(window)).idle = True

    async def _new(self, window: Window) -> Seat:
        context = await fresh(self.browser, window)
        page = await context.new_page()
        session = await context.new_cdp_session(page)
        nothing = Outbox.of(self.url, {})
        seat = Seat(window, context, page, session, Traffic(nothing.own), nothing)
        await show_bodies(context, lambda url, text: seat.outbox.said(url, text))
        page.on("request", lambda request: seat.traffic.request(request))
        page.on("request", lambda request: seat.outbox.request(request))
        page.on("requestfailed", lambda request: seat.traffic.failed(request))
        page.on("websocket", lambda socket: seat.traffic.socket(socket.url))
        page.on("websocket", lambda socket: seat.outbox.said(socket.url, ""))
        session.on("Network.loadingFinished", lambda event: seat.traffic.finished(event))
        await session.send("Network.enable")
        await session.send("Network.setCacheDisabled", {"cacheDisabled": True})
        self.made.append(seat)
        return seat
