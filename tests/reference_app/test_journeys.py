"""Every journey clicked through in a real Chromium: without JavaScript on a phone, with it at a desk.

The longest ones, with axe at each step, are in test_browser.py; what saves itself is in test_autosave.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import httpx
import pytest
from chromium import NEEDED
from journeys import JOURNEYS
from journeys_of_people import a_request_is_filed_by_keyboard, pieces_are_sent_one_by_one_and_one_is_refused
from playwright.sync_api import Browser
from scene import Scene, Town

from reference_app import migration
from reference_app.language import catalogues
from reference_app.listening import listen, port_of
from reference_app.stand_ins.business_register import create_app
from reference_app.stand_ins.data_knobs import Knobs

TOKEN = "a token of the test"
WITHOUT, WITH = ("fr", 390, False), ("en", 1280, True)

pytestmark = NEEDED


@pytest.fixture(scope="module")
def town(staged: Any, serving: Any, mail_server: Any, new_databases: Any, draft: dict[str, Any]) -> Iterator[Town]:
    with ExitStack() as stack:
        database = stack.enter_context(new_databases())
        migration.upgrade(database)
        taken = stack.enter_context(closing(listen("127.0.0.1", 0)))
        register = f"http://127.0.0.1:{port_of(taken)}"
        stack.enter_context(serving(create_app(Knobs(), TOKEN), taken))
        mailbox = stack.enter_context(mail_server())
        stage = stack.enter_context(
            staged(
                DATABASE_URL=database,
                business_register_url=register,
                sources_token=TOKEN,
                smtp_url=mailbox.url,
                mails_per_minute=60_000,
                invitations_per_minute=60_000,
                unscanned_pieces="open",
                waiting_room=True,
            )
        )
        client = stack.enter_context(httpx.Client(base_url=register, timeout=20))
        yield Town(stage, database, client, mailbox, draft)


Scenes = Callable[..., Scene]


@pytest.fixture
def scenes(town: Town, browser: Browser) -> Iterator[Scenes]:
    with ExitStack() as stack:

        def scene(language: str, width: int, scripts: bool, **options: Any) -> Scene:
            say = catalogues()[language].gettext
            return Scene(town, browser, say, language, width, scripts, stack, **options)

        yield scene
        town.execute("DELETE FROM waiting_room")  # what a journey that failed left behind


@pytest.mark.parametrize("way", [WITHOUT, WITH], ids=["phone-fr-no-script", "desk-en"])
@pytest.mark.parametrize("journey", JOURNEYS, ids=lambda journey: journey.__name__)
def test_a_journey(scenes: Scenes, journey: Callable[[Scene], None], way: tuple[str, int, bool]) -> None:
    scene = scenes(*way)
    journey(scene)
    assert scene.violations == []
    assert scene.looked == JOURNEYS[journey]
    assert [said for visitor in scene.visitors for said in visitor.complaints] == []


@pytest.mark.parametrize(
    ("journey", "whole", "broken"),
    [
        (pieces_are_sent_one_by_one_and_one_is_refused, 'name="token"', 'name="taken"'),
        (pieces_are_sent_one_by_one_and_one_is_refused, 'type="file"', 'type="file" disabled'),
        (a_request_is_filed_by_keyboard, "<button>", '<button tabindex="-1">'),
    ],
    ids=["a form without its token", "a file that is not sent", "a button that no key reaches"],
)
def test_a_service_that_is_broken_is_found(scenes: Scenes, journey: Any, whole: str, broken: str) -> None:
    """The control."""
    scene = scenes(*WITHOUT, change=lambda text: text.replace(whole, broken))
    with pytest.raises(AssertionError):
        journey(scene)
