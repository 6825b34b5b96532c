"""The browser of the system, quiet: it asks nobody but the service; and axe in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
QUIET = (
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
NEEDED = pytest.mark.skipif(
    not CHROMIUM.exists() and os.environ.get("CI") != "true",  # CI installs it: what is missing there fails
    reason=f"{CHROMIUM} is not there: no browser to look with",
)


@contextmanager
def opened() -> Iterator[Browser]:
    """The browser, until the block ends. While it is open, Playwright keeps the loop of this thread: no other runs."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield browser
        browser.close()


def show(page: Page, address: str, text: str) -> None:
    """Open a document at the address it came from, with its style; without its policy, which keeps axe out."""
    page.route(address, lambda route: route.fulfill(body=text, content_type="text/html"))
    page.goto(address)
    page.unroute_all()


def violations(page: Page) -> list[str]:
    """What axe finds, with the place."""
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in Axe().run(page).response["violations"]]
