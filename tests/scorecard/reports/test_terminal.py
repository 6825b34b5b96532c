"""The summary in a terminal, in a pipe, without colours and without Unicode."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from scorecard.reports import origin
from scorecard.reports.terminal import print_summary
from scorecard.reports.words import Words
from scorecard.scorecard import Scorecard

PAGE = Path("runs/latest/scorecard.html")


def printed(card: Scorecard, lang: str = "en", *, encoding: str = "utf-8", **options: bool) -> str:
    raw = io.BytesIO()
    with io.TextIOWrapper(raw, encoding=encoding, write_through=True) as file:
        console = Console(file=file, soft_wrap=not options.get("force_terminal", False), width=100, **options)  # type: ignore[arg-type]
        print_summary(card, console, lang, page=PAGE, seconds=141.0)
        return raw.getvalue().decode(encoding).replace("\u202f", " ").replace("\u00a0", " ")


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_the_summary_says_what_the_page_says(cards: dict[str, Scorecard], lang: str) -> None:
    text = printed(cards["no_go"], lang)
    expected = {
        "en": [
            "No go today",
            "Grade  D",
            "It holds 175,000 to 231,000 of 300,000 users.",
            "between D and A",
            "What to do next",
            "1. ",
        ],
        "fr": [
            "Pas de feu vert",
            "Note  D",
            "Il peut accueillir de 175 000 à 231 000 des 300 000 usagers attendus.",
            "entre D et A",
            "Que faire",
            "3. ",
        ],
    }
    for part in (*expected[lang], str(PAGE)):
        assert part in text


def test_an_empty_run_shows_unknown_everywhere(cards: dict[str, Scorecard]) -> None:
    text = printed(cards["undetermined"])
    assert text.count("unknown") == 10
    assert "Capacity  How many users it holds is not known. This run did not look at it" in text
    assert "16 questions of 16 have no answer yet." in text


def test_off_a_terminal_nothing_is_coloured_and_no_line_is_cut(cards: dict[str, Scorecard]) -> None:
    text = printed(cards["undetermined"])
    assert "\x1b" not in text
    assert max(len(line) for line in text.splitlines()) > 100


def test_a_terminal_gets_colours_unless_it_asks_for_none(
    cards: dict[str, Scorecard], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "\x1b[1;31m" in printed(cards["no_go"], force_terminal=True)
    assert "31m" not in printed(cards["no_go"], force_terminal=True, no_color=True)


def test_a_console_without_unicode_still_gets_the_words(cards: dict[str, Scorecard]) -> None:
    text = printed(cards["no_go"], "fr", encoding="ascii")
    assert "Pas de feu vert" in text
    assert "Capacit?" in text


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("decision", ["conditional", "no_go", "undetermined"])
def test_in_a_terminal_lines_wrap_below_their_beginning_and_never_at_a_space_that_must_not_break(
    cards: dict[str, Scorecard], decision: str, lang: str, width: int
) -> None:
    file = io.StringIO()
    print_summary(cards[decision], Console(file=file, force_terminal=True, color_system=None, width=width), lang)
    lines = file.getvalue().splitlines()
    assert [line for line in lines if len(line) > width and " " in line.strip()] == []
    assert not [line for line in lines if line.rstrip().endswith(("«", "\u202f", "\u00a0")) or line.startswith("»")]
    starts = [n for n, line in enumerate(lines) if line.startswith("1. ")]
    assert len(starts) == 1
    assert width > 60 or lines[starts[0] + 1].startswith("   ")


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_it_says_what_the_page_says_in_the_order_of_the_page(cards: dict[str, Scorecard], lang: str) -> None:
    text, words = printed(cards["conditional"], lang), Words("fr" if lang == "fr" else "en")
    titles = [
        words.gettext(title)
        for title in ("Capacity", "What to do next", "Official indicators at the busiest moment",
                      "On somebody’s word only", "Digest of the evidence")
    ]  # fmt: skip
    places = [text.find(title) for title in titles]
    assert -1 not in places
    assert places == sorted(places)
    assert origin.digest(cards["conditional"]) in text
    assert [colour in text for colour in (("red  ", "grey ") if lang == "en" else ("rouge", "gris "))] == [True, True]
