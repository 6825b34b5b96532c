"""Themes: a folder on top of the service's own style, readable in light and dark, and documented as it is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from chromium import NEEDED, show, violations
from playwright.sync_api import Browser

from reference_app.rendering import STATIC
from reference_app.theme import THEMES, ThemeError, chosen

COLOURS = ("ink", "quiet", "paper", "tint", "line", "accent", "accent-ink", "good", "bad")
SHIPPED = sorted(folder.name for folder in THEMES.iterdir())
DOCUMENT = Path(__file__).parents[2] / "docs" / "reference" / "restyle.md"


def properties(css: str) -> dict[str, str]:
    """The custom properties of the first ``:root`` of a style sheet."""
    block = re.search(r":root \{(.*?)\}", css, re.DOTALL)
    assert block is not None
    return dict(re.findall(r"(--[a-z-]+): ([^;]+);", block[1]))


def test_the_document_lists_every_property_with_its_default():
    listed = dict(re.findall(r"^\| `(--[a-z-]+)` \|[^|]+\| (?:`([^`]+)`)?", DOCUMENT.read_text(), re.MULTILINE))
    real = properties((STATIC / "style.css").read_text())
    assert listed.pop("--font") == ""  # said in words
    assert real.pop("--font").startswith("system-ui")
    assert listed == real


@pytest.mark.parametrize("name", SHIPPED)
def test_a_theme_sets_all_colours_in_light_and_dark_and_nothing_unknown(name):
    light, _, dark = (THEMES / name / "theme.css").read_text().partition("prefers-color-scheme: dark")
    wanted = {f"--{colour}" for colour in COLOURS}
    assert set(properties(light)) >= wanted
    assert set(properties(dark)) == wanted
    assert set(properties(light)) <= set(properties((STATIC / "style.css").read_text()))


def test_nothing_of_the_states_own_is_shipped():
    files = [path for path in THEMES.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {".css", ".svg"}
    assert not [path for path in files if re.search(r"marianne|dsfr", path.name, re.IGNORECASE)]


def test_a_theme_that_is_not_there_is_said_in_one_line(tmp_path):
    for name in ("nowhere", str(tmp_path)):
        with pytest.raises(ThemeError, match=r"PORTANCE_REFERENCE_THEME: no theme\.css in"):
            chosen(name)


def test_no_theme_is_no_theme():
    assert chosen("") is None


def test_what_changes_in_a_theme_changes_its_address(tmp_path):
    (tmp_path / "theme.css").write_text(":root { --ink: #000 }")
    before = chosen(str(tmp_path)).sheet
    (tmp_path / "official.css").write_text("")
    assert chosen(str(tmp_path)).sheet != before


def faults(stage: Any, client: Any, browser: Browser) -> list[str]:
    """What axe finds on the pages with the most colours, in light and dark."""
    form = client.get("/dossiers/new?procedure=emergency-aid")
    token = re.search(r'name="token" value="([^"]+)"', form.text)[1]
    wrong = client.post("/dossiers", data={"token": token, "siret": "1", "procedure": "emergency-aid"})
    assert wrong.status_code == 422
    documents = {
        "home": client.get("/"),
        "wrong": wrong,
        "dossier": client.get(f"/dossiers/{stage.filed(client)['id']}"),
    }
    found = []
    for scheme in ("light", "dark"):
        with browser.new_context(color_scheme=scheme) as context:
            page = context.new_page()
            for name, document in documents.items():
                show(page, f"{stage.url}/{name}", document.text)
                found += [f"{scheme} {name} {said}" for said in violations(page)]
    return found


@NEEDED
@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_theme_is_readable(staged, browser, name):
    with staged(theme=name) as stage:
        client = stage.signed_in("business")
        sheet = client.get(re.search(r'href="(/static/theme-[^"]+)"', client.get("/").text)[1])
        assert sheet.status_code == 200
        assert "immutable" in sheet.headers["cache-control"]
        assert faults(stage, client, browser) == []


@NEEDED
def test_a_folder_with_an_official_sheet_in_a_layer_is_taken(staged, browser, tmp_path):
    """As a State service does: the official files beside theme.css, imported first. A pale ink is then found by axe."""
    shipped = (THEMES / "state" / "theme.css").read_text()
    (tmp_path / "dsfr.min.css").write_text("h1 { letter-spacing: 7px; color: #eee } body { color: #999 }")
    (tmp_path / "theme.css").write_text(f'@import url("dsfr.min.css") layer(official);\n{shipped}')
    with staged(theme=str(tmp_path)) as stage, browser.new_context() as context:
        page = context.new_page()
        complaints = []
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(stage.url)
        style = page.evaluate(
            "(() => { const s = getComputedStyle(document.querySelector('h1')); "
            "return [s.letterSpacing, getComputedStyle(document.body).color] })()"
        )
        assert style == ["7px", "rgb(22, 22, 22)"]
        assert complaints == []
        client = stage.signed_in("business")
        assert any("color-contrast" in one for one in faults(stage, client, browser))
