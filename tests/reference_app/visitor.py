"""A person at a real browser: what they click, type, attach and fetch, by mouse or by keyboard; and axe beside them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import httpx
from chromium import show, violations
from playwright.sync_api import Locator, Page

MOST_STOPS = 80
"""No page of ours has more places that Tab stops at."""

NO_COMPLAINTS = ("status of 4", "Clear-Site-Data header on")
"""Chromium also notes each status of 400 and more, and that it cleared what signing out asks it to clear."""

Say = Callable[[str], str]


class Looker:
    """Axe in a window of its own: it is a script, so it gets the document of a window that may run none."""

    def __init__(self, window: Page, seen: set[tuple[object, ...]]) -> None:
        self.window, self.seen = window, seen
        self.violations: list[str] = []

    def look(self, page: Page) -> None:
        """Look at what ``page`` shows, once for each kind: by heading, and how many forms, notices and errors."""
        heading = page.locator("h1").inner_text()
        main = page.locator("main")
        kind = (re.sub(r"\d", "", heading), *(main.locator(part).count() for part in ("form", ".notice", ".error")))
        if kind in self.seen:
            return
        self.seen.add(kind)
        show(self.window, page.url, page.content())
        self.violations += [f"{heading}: {found}" for found in violations(self.window)]
        if self.window.evaluate("document.documentElement.scrollWidth > innerWidth"):
            self.violations.append(f"{heading}: scrolls sideways")


class Visitor:
    """Somebody at ``page`` of the service at ``url``; ``say`` puts the words of links and buttons in their language.

    ``opened`` is called with each page that opens; ``complaints`` are the browser's, such as a refusal by the policy.
    """

    name: str
    client: httpx.Client
    """The same session without a browser, for what is there before a journey begins."""

    def __init__(self, page: Page, url: str, say: Say, opened: Callable[[Page], None] = lambda page: None) -> None:
        self.page, self.url, self.say, self.opened = page, url, say, opened
        self.complaints: list[str] = []
        page.on("console", lambda message: self._note(message.text))

    @property
    def text(self) -> str:
        """What stands on the page, without its frame."""
        return self.page.locator("main").inner_text()

    def says(self, sentence: str, **values: object) -> bool:
        """Whether ``sentence`` stands on the page, in the language of whoever reads it."""
        return plain(self.say(sentence) % values if values else self.say(sentence)) in plain(self.text)

    def go(self, path: str) -> None:
        self.page.goto(f"{self.url}{path}")
        self.opened(self.page)

    def follow(self, name: str, nth: int = 0) -> None:
        self.leave_by(self.link(name).nth(nth))

    def link(self, name: str) -> Locator:
        return self.page.get_by_role("link", name=self.say(name))

    def press(self, name: str, **values: object) -> None:
        said = self.say(name) % values if values else self.say(name)
        self.leave_by(self.page.get_by_role("button", name=said, exact=True).first)

    def fill(self, **fields: str) -> None:
        for label, value in fields.items():
            self.page.locator(f"#{label}").fill(value)

    def check(self, *names: str) -> None:
        for name in names:
            self.page.locator(f"#{name}").check()

    def attach(self, field: str, name: str, content: bytes) -> None:
        given = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
        self.page.locator(f"#{field}").set_input_files([given])

    def download(self, name: str) -> bytes:
        """The file behind a link."""
        with self.page.expect_download() as awaited:
            self.link(name).first.click()
        return Path(awaited.value.path()).read_bytes()

    def identify(self, identity: str) -> None:
        """Say at the identity provider who one is."""
        self.page.locator("#identity").fill(identity)
        self.leave_by(self.page.get_by_role("button", name="Continuer"))

    def tab_to(self, selector: str) -> None:
        """Go on with Tab until what ``selector`` names has the focus."""
        for _ in range(MOST_STOPS):
            if self.page.locator(f"{selector}:focus").count():
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{self.page.url}: Tab does not reach {selector}")

    def enter(self, selector: str) -> None:
        """Open a link, or press a button, by keyboard."""
        self.tab_to(selector)
        with self.page.expect_event("load"):
            self.page.keyboard.press("Enter")

    def type_in(self, **fields: str) -> None:
        """Fill in fields by keyboard, in the order of the page."""
        for name, value in fields.items():
            self.tab_to(f"#{name}")
            self.page.keyboard.insert_text(value)

    def _note(self, said: str) -> None:
        if not any(note in said for note in NO_COMPLAINTS):
            self.complaints.append(said)

    def leave_by(self, way: Locator) -> None:
        """Click, and wait for the document that follows: a script may change the address without one."""
        with self.page.expect_event("load"):
            way.click()
        self.opened(self.page)


def plain(text: str) -> str:
    """``text`` with its spaces of all kinds alike."""
    return re.sub(r"\s+", " ", text)
