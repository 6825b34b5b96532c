"""Where Chromium is found, what it may reach, and what it loads again: without starting one."""

from __future__ import annotations

from pathlib import Path

import pytest

from observability.views import Load, View

pytest.importorskip("playwright", reason="Playwright is not installed: pip install with the extra 'pages'")

from observability import browser
from observability.tour import next_load


def test_chromium_is_found_on_the_path_or_where_it_usually_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    program = tmp_path / "chromium"
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", "")
    assert browser.find_chromium(places=()) is None
    assert browser.find_chromium(places=(str(tmp_path), str(program))) == str(program)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert browser.find_chromium() == str(program)


def _view(path: str, *seconds: float) -> View:
    loads = [Load(one, None, 0.0, 1) for one in seconds]
    return View(path, "desktop", Load(5.0, None, 0.0, 1), timed=loads)


def test_the_slowest_page_is_loaded_again_first_and_alone_when_it_is_late():
    slow, quick = _view("/slow", 0.9), _view("/quick", 0.1)
    assert next_load([quick, slow], 3, late=False) is slow
    slow = _view("/slow", 0.9, 0.8, 0.9)
    assert next_load([quick, slow], 3, late=False) is quick
    assert next_load([quick, slow], 3, late=True) is None
    assert next_load([quick, _view("/slow", 0.9)], 3, late=True).path == "/slow"
    assert next_load([_view("/quick", 0.1, 0.1, 0.1), slow], 3, late=False) is None


def test_a_page_that_nobody_saw_painted_is_loaded_by_itself_once_however_late():
    slow, hidden = _view("/slow", 9.0, 9.0, 9.0), _view("/hidden")
    assert next_load([slow, hidden], 3, late=True) is hidden
    hidden.timed.append(Load(0.2, None, 0.0, 1))
    assert next_load([slow, hidden], 3, late=True) is None, "it does not paint by itself either"


def test_every_page_is_timed_once_before_one_is_timed_again():
    slow, new = _view("/slow", 9.0), _view("/new")
    assert new.seconds == 5.0, "of the load it was looked at in, beside others"
    assert next_load([slow, new], 3, late=False) is new
    new.timed.append(Load(0.2, None, 0.0, 1))
    assert new.seconds == 0.2
    assert next_load([slow, new], 3, late=False) is slow


@pytest.mark.parametrize(
    ("url", "there"),
    [
        ("http://a.example:80/x", "a.example"),
        ("wss://a.example:443/x", "a.example"),
        ("https://a.example:80/x", "a.example:80"),
        ("http://127.0.0.1:8000", "127.0.0.1:8000"),
        ("data:,x", None),
        ("chrome-error://chromewebdata/", None),
    ],
)
def test_an_origin_is_written_without_its_usual_port(url: str, there: str | None):
    assert browser.origin(url) == there


@pytest.mark.parametrize(
    ("url", "rules"),
    [
        ("http://127.0.0.1:8000", "MAP 127.0.0.1:8000 127.0.0.1:8000, MAP * ~NOTFOUND"),
        ("http://[::1]:8000/base", "MAP [::1]:8000 [::1]:8000, MAP * ~NOTFOUND"),
        ("https://a.example", "MAP a.example:80 a.example:80, MAP a.example:443 a.example:443, MAP * ~NOTFOUND"),
    ],
)
def test_the_fence_lets_through_the_service_alone(url: str, rules: str):
    assert browser.fence(url) == rules
