"""A business recorded in a real Chromium, played again by the load generator; nobody wrote the journey."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest
from chromium import NEEDED, opened

from loadtests.generator import generator
from loadtests.har import Recorded, journey_of

pytestmark = NEEDED


@pytest.fixture(scope="module")
def recorded(stage, tmp_path_factory) -> Recorded:
    har = tmp_path_factory.mktemp("recording") / "business.har"
    with opened() as browser:
        context = browser.new_context(
            java_script_enabled=False, locale="en-GB", record_har_path=har, record_har_content="embed"
        )
        page = context.new_page()
        page.goto(f"{stage.url}/")
        page.goto(f"{stage.url}/sign-in/business")
        page.locator("#identity").fill(f"business-{uuid4().hex}")
        page.get_by_role("button", name="Continuer").click()
        page.get_by_role("link", name="Start a request").click()
        for field, value in (
            ("siret", "73282932000074"),
            ("company_name", "Boulangerie du Port"),
            ("contact_email", "contact@boulangerie.example"),
            ("need", "Inondation"),
            ("amount", "5000"),
        ):
            page.locator(f"#{field}").fill(value)
        page.get_by_label("It is stopped").check()
        page.get_by_role("button", name="Save and go on").click()
        page.get_by_role("button", name="File my request").click()
        assert "AUE-" in page.content()
        context.close()
    return journey_of(har.read_bytes())


def test_the_recording_holds_no_person_and_takes_what_changes_from_the_answers(recorded: Recorded, stage) -> None:
    said = recorded.journey.model_dump_json()
    assert recorded.origin == stage.url
    assert "73282932000074" not in said
    assert "boulangerie.example" not in said
    assert "{siret}" in said
    assert "{email}" in said
    methods = [step.method for step in recorded.journey.steps]
    assert methods.count("POST") == 3
    assert any(step.path == "{action}" for step in recorded.journey.steps)
    assert not any(step.path.endswith((".css", ".svg")) for step in recorded.journey.steps)


def test_it_is_played_to_its_end_and_files_another_request(recorded: Recorded, stage, tmp_path: Path) -> None:
    with generator(stage.url, [recorded.journey], {"citizen": 100, "agent": 1}, tmp_path, seed=1) as running:
        steps = running.smoke(recorded.journey, think_scale=0.0)["steps"]
    assert [step["error"] for step in steps] == [None] * len(recorded.journey.steps)
