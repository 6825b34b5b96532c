"""A real Chromium that can reach one address and nothing else."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, async_playwright

from observability.views import SIZES, Window

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
PLACES = ("/usr/lib/chromium/chromium", "/usr/lib/chromium-browser/chromium-browser", "/opt/google/chrome/chrome")

_LAUNCH_S = 20.0
_CLOSE_S = 10.0
_QUIET = (
    "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-proxy-server",
)  # fmt: skip


def find_chromium(names: Sequence[str] = NAMES, places: Sequence[str] = PLACES) -> str | None:
    """Path of a Chromium on this machine, from PATH or a known place, None when there is none."""
    for name in names:
        found = shutil.which(name)
        if found is not None:
            return found
    return next((place for place in places if os.access(place, os.X_OK) and Path(place).is_file()), None)


@asynccontextmanager
async def browsing(executable: str, url: str) -> AsyncIterator[Browser]:
    """A Chromium that reaches the address of ``url`` only; gone on every way out, with its processes.

    It is fenced when it resolves names, not by intercepting requests, which costs each one some milliseconds and
    sees neither sockets nor the browser's own connections. It runs without Chromium's sandbox, which root and most
    containers cannot have: it sees nothing but the service under test.

    Raises:
        playwright.async_api.Error: Chromium does not start.
    """
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(
            executable_path=executable,
            args=[*_QUIET, f"--host-resolver-rules={fence(url)}"],
            timeout=_LAUNCH_S * 1000,
        )
        try:
            yield browser
        finally:
            # The driver kills a browser that does not close once we let go of it.
            with suppress(TimeoutError):
                async with asyncio.timeout(_CLOSE_S):
                    await browser.close()


def fence(url: str) -> str:
    """Rules of Chromium's resolver that let it reach the host and port of ``url`` alone, addresses in digits too."""
    parts = urlsplit(url)
    default = {"http": 80, "https": 443}[parts.scheme]
    port = default if parts.port is None else parts.port
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    # A service on the usual ports may send from http to https on the same host.
    ports = (80, 443) if port in (80, 443) else (port,)
    return ", ".join([*(f"MAP {host}:{p} {host}:{p}" for p in ports), "MAP * ~NOTFOUND"])


def origin(url: str) -> str | None:
    """Host and port that a request goes to, as one writes them; None when it leaves nothing (data:, blob:)."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https", "ws", "wss") or parts.hostname is None:
        return None
    usual = parts.port in (None, 443 if parts.scheme in ("https", "wss") else 80)
    return parts.hostname if usual else f"{parts.hostname}:{parts.port}"


async def fresh(browser: Browser, window: Window) -> BrowserContext:
    """A new visitor: empty cache, no cookie, reading French, in a window of that size."""
    width, height = SIZES[window]
    phone = window == "phone"
    return await browser.new_context(
        viewport={"width": width, "height": height},
        is_mobile=phone,
        has_touch=phone,
        service_workers="block",
        accept_downloads=False,
        locale="fr-FR",
    )
