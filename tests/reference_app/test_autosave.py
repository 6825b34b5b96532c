"""What is typed is kept while it is typed: in a real Chromium, with the script, the service failing under it too."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from chromium import NEEDED
from playwright.sync_api import Browser, BrowserContext, Page, expect

from reference_app.sign_in import routes

SIRET = "73282932000074"
LIMIT_MS = 30_000

pytestmark = NEEDED


@pytest.fixture
def person(browser: Browser, stage: Any) -> Iterator[Callable[..., BrowserContext]]:
    """Browsers in which somebody is signed in."""
    opened: list[BrowserContext] = []

    def open_(identity: str | None = None) -> BrowserContext:
        context = browser.new_context(locale="en-GB", base_url=stage.url)
        context.set_default_timeout(LIMIT_MS)
        opened.append(context)
        page = context.new_page()
        sign_in(page, identity if identity is not None else f"business-{uuid4().hex}")
        page.close()
        return context

    yield open_
    for context in opened:
        context.close()


def sign_in(page: Page, identity: str) -> None:
    if not page.url.endswith("/authorize") and "/authorize?" not in page.url:
        page.goto("/sign-in/business")
    page.locator("#identity").fill(identity)
    page.get_by_role("button", name="Continuer").click()
    page.wait_for_url(re.compile("/dossiers"))


def begin(context: BrowserContext) -> Page:
    page = context.new_page()
    page.goto("/dossiers/new?procedure=emergency-aid")
    return page


def leave_field(page: Page, **typed: str) -> None:
    """Type, then go to another field: that saves."""
    for name, value in typed.items():
        page.locator(f"#{name}").fill(value)
    page.locator("#amount").focus()
    page.locator("#iban").focus()


def saved(page: Page) -> None:
    expect(page.locator("#saving")).to_contain_text(re.compile(r"Saved at \d\d:\d\d"), timeout=LIMIT_MS)


def holds(page: Page, **answers: str) -> None:
    """Wait until the service holds these answers, and no others, of the draft of ``page``."""
    page.wait_for_url(re.compile(r"/dossiers/[0-9a-f-]{36}"))
    dossier = page.url.split("/")[4]
    ends = time.monotonic() + LIMIT_MS / 1000
    while (found := page.request.get(f"/api/v1/dossiers/{dossier}").json()["answers"]) != answers:
        assert time.monotonic() < ends, found
        page.wait_for_timeout(50)


def drafts(page: Page) -> int:
    return len(page.request.get("/api/v1/dossiers").json()["items"])


def test_what_is_typed_is_saved_and_said_without_pressing_anything_and_sending_it_makes_no_second_draft(person):
    page = begin(person())
    page.locator("#need").press_sequentially("Flood")  # nothing more: it is saved where one stops
    saved(page)
    holds(page, need="Flood")
    page.reload()
    assert page.locator("#need").input_value() == "Flood"
    page.locator("#company_name").fill("Typed last")
    page.get_by_role("button", name="Save and go on").click()
    page.wait_for_url(re.compile(r"/dossiers/[0-9a-f-]{36}$"))
    holds(page, need="Flood", company_name="Typed last")
    assert drafts(page) == 1


def test_what_is_still_wrong_is_named_and_the_rest_is_saved(person):
    page = begin(person())
    leave_field(page, siret="123", company_name="Boulangerie")
    expect(page.locator("#saving")).to_contain_text(
        "Saved, except for what still has to be corrected: SIRET number", timeout=LIMIT_MS
    )
    holds(page, company_name="Boulangerie")
    leave_field(page, siret=SIRET)
    saved(page)
    holds(page, siret=SIRET, company_name="Boulangerie")


def test_sending_the_form_while_it_saves_itself_makes_no_second_draft(person):
    context = person()
    page = begin(context)
    held: list[Any] = []
    page.route("**/api/v1/procedures/**", lambda route: held.append(route))
    leave_field(page, company_name="Boulangerie")
    while not held:
        page.wait_for_timeout(20)
    page.get_by_role("button", name="Save and go on").click()
    for route in held:
        route.continue_()
    page.wait_for_url(re.compile(r"/dossiers/[0-9a-f-]{36}$"))
    assert drafts(page) == 1


def test_a_service_that_fails_loses_nothing_and_makes_no_second_draft(person):
    page = begin(person())
    how, met = "abort", set()

    def fail(route: Any) -> None:
        met.add(how)
        match how:
            case "abort":
                route.abort()
            case "full":
                route.fulfill(status=503)
            case "lost":  # taken, but the answer never arrives
                route.fetch()
                route.abort()
            case _:
                route.continue_()

    page.route("**/api/v1/procedures/**", fail)
    for how in ("abort", "full", "lost"):
        leave_field(page, need=how)
        while how not in met:
            page.wait_for_timeout(20)
        expect(page.locator("#saving")).to_contain_text("Not saved yet", timeout=LIMIT_MS)
    how = "well"
    leave_field(page, need="Typed since the answer was lost")
    saved(page)
    holds(page, need="Typed since the answer was lost")
    assert drafts(page) == 1


def test_an_old_tab_overwrites_nothing_and_the_person_chooses(person):
    context = person()
    first = begin(context)
    leave_field(first, company_name="First tab")
    saved(first)
    second = context.new_page()
    second.goto(first.url)
    leave_field(second, company_name="Second tab")
    saved(second)
    leave_field(first, company_name="First tab again")
    expect(first.locator("#saving")).to_contain_text("changed in another tab", timeout=LIMIT_MS)
    holds(first, company_name="Second tab")
    first.get_by_role("button", name="keep what is typed here").click()
    saved(first)
    holds(first, company_name="First tab again")


def test_a_session_that_ended_gives_back_what_was_typed_to_the_same_person_only(person):
    identity = f"business-{uuid4().hex}"
    context = person(identity)
    page = begin(context)
    leave_field(page, company_name="Boulangerie")
    saved(page)
    address = page.url
    context.clear_cookies()
    leave_field(page, need="Typed too late")
    expect(page.locator("#saving")).to_contain_text("Your session has ended", timeout=LIMIT_MS)
    page.get_by_role("link", name="sign in and go on").click()
    page.locator("#identity").fill(identity)
    page.get_by_role("button", name="Continuer").click()
    page.wait_for_url(address)
    expect(page.locator("#need")).to_have_value("Typed too late", timeout=LIMIT_MS)
    saved(page)
    holds(page, company_name="Boulangerie", need="Typed too late")
    for owner, shown in (("0123456789abcdef", ""), (page.locator("#draft").get_attribute("data-owner"), "Parked")):
        parked = json.dumps({"owner": owner, "answers": {"iban": "Parked"}})
        page.evaluate("text => sessionStorage.setItem(`parked:${location.pathname}`, text)", parked)
        page.reload()
        assert page.locator("#iban").input_value() == shown
        assert page.evaluate("sessionStorage.length") == 0


@pytest.mark.parametrize("by", ["the header", "the script"])
def test_signing_out_leaves_nothing_in_the_browser_and_no_open_draft_puts_anything_by_again(person, monkeypatch, by):
    context = person()
    draft = begin(context)
    leave_field(draft, company_name="Boulangerie")
    saved(draft)
    other = context.new_page()
    other.goto("/dossiers")
    for page in (draft, other):
        page.evaluate("sessionStorage.setItem(`parked:${location.pathname}`, 'typed')")
    if by == "the header":
        context.route("**/static/signed_out.js*", lambda route: route.abort())
    else:
        monkeypatch.setattr(routes, "CLEARED", '"executionContexts"')  # a browser that does not know the header
    other.get_by_role("button", name="Sign out").click()
    other.wait_for_url(re.compile("/signed-out"))
    if by == "the script":
        expect(draft.locator("#saving")).to_contain_text("You signed out in another tab", timeout=LIMIT_MS)
        leave_field(draft, need="Typed after signing out")
    assert [page.evaluate("sessionStorage.length") for page in (draft, other)] == [0, 0]
