"""The French catalogue and the reader's numbers."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from importlib import resources

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po

from scorecard.evidence import Fact, Unit
from scorecard.reports.words import Words

REPORTS = resources.files("scorecard.reports")
FOUND_BY = [
    ("templates/**.html", "jinja2.ext:babel_extract"),
    ("templates/**.svg", "jinja2.ext:babel_extract"),
    ("**.py", "python"),
]
TRIMMED = {"templates/**.html": {"trimmed": "true"}, "templates/**.svg": {"trimmed": "true"}}


def said() -> set[str | tuple[str, ...]]:
    """Every message of the templates and the code."""
    keywords = {**DEFAULT_KEYWORDS, "mark": None, "counted": (1, 2)}
    found = extract_from_dir(str(REPORTS), FOUND_BY, TRIMMED, keywords=keywords)
    return {message for _, _, message, _, _ in found}


def translated() -> dict[str | tuple[str, ...], Message]:
    """Every message of the French catalogue."""
    source = io.BytesIO((REPORTS / "locale" / "fr.po").read_bytes())
    return {message.id: message for message in read_po(source, locale="fr", abort_invalid=True) if message.id}


def test_every_message_has_its_french_and_none_is_left_over() -> None:
    messages = said()
    assert len(messages) > 150
    assert set(translated()) == messages


def test_no_french_message_is_empty_doubtful_or_broken() -> None:
    for message in translated().values():
        strings = (message.string,) if isinstance(message.string, str) else message.string
        assert all(strings), message.id
        assert not message.fuzzy, message.id
        assert message.check() == [], message.id


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Prêt ? Oui ; non : « peut-être » !", "Prêt\u202f? Oui\u202f; non\u00a0: «\u00a0peut-être\u00a0»\u202f!"),
        ("de 182 000 à 1 200 000 usagers", "de 182\u202f000 à 1\u202f200\u202f000 usagers"),
        ("400 ms, 3 %", "400\u00a0ms, 3\u00a0%"),
        ("http://x/?a=1;b:2", "http://x/?a=1;b:2"),
    ],
)
def test_spaces_that_must_not_break_do_not(text: str, expected: str) -> None:
    assert Words("fr").spaced(text) == expected


def test_english_punctuation_is_left_alone() -> None:
    assert Words("en").spaced("Ready? Yes; no: “perhaps”!") == "Ready? Yes; no: “perhaps”!"


def test_what_is_not_known_is_never_a_number() -> None:
    assert Words("en").quantity(None, Unit.SECOND) == "unknown"
    assert Words("fr").fact(None) == "inconnu"


def test_a_fact_shows_its_interval_or_its_lower_end_alone() -> None:
    words = Words("en")
    both = Fact(id="x", value=20.0, unit=Unit.SECOND, low=10.0, high=30.0)
    assert words.fact(both).replace("\u202f", " ") == "20 s (between 10 s and 30 s)"
    assert words.fact(both.model_copy(update={"high": None})).replace("\u202f", " ") == "at least 10 s"


def test_zero_is_zero_and_not_unknown() -> None:
    assert Words("fr").quantity(0, Unit.COUNT) == "0"
    assert Words("en").fact(Fact(id="x", value=False, unit=Unit.YES_NO)) == "no"


def test_dates_are_written_out() -> None:
    assert Words("fr").date(date(2026, 2, 1)) == "1er février 2026"
    assert Words("en").moment(datetime(2026, 11, 22, 4, 5, tzinfo=UTC)) == "22 November 2026, 04:05 UTC"
