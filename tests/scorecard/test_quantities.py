"""Numbers as people read them."""

from __future__ import annotations

from datetime import date

import pytest
from babel.numbers import format_decimal

from scorecard.evidence import Unit
from scorecard.quantities import apart, day, number, quantity, rounded_down


@pytest.mark.parametrize(
    ("value", "unit", "english", "french"),
    [
        (0.312, Unit.SECOND, "312 ms", "312 ms"),
        (1.2345, Unit.SECOND, "1.23 s", "1,23 s"),
        (0, Unit.SECOND, "0 s", "0 s"),
        (300, Unit.SECOND, "5 min", "5 min"),
        (31_536_000, Unit.SECOND, "365 days", "365 jours"),
        (0.001, Unit.RATIO, "0.1%", "0,1 %"),
        (0.00001234, Unit.RATIO, "0.00123%", "0,00123 %"),
        (182_437, Unit.USERS, "182,000 users", "182 000 usagers"),
        (299_999, Unit.USERS, "299,000 users", "299 000 usagers"),
        (1, Unit.USERS, "1 user", "1 usager"),
        (12_345, Unit.COUNT, "12,345", "12 345"),
        (8.25, Unit.SCORE_OF_10, "8.25/10", "8,25/10"),
        (114.26, Unit.REQUESTS_PER_SECOND, "114 requests/s", "114 requêtes/s"),
        (18, Unit.MONTHS, "18 months", "18 mois"),
        (1_234_567, Unit.BYTES, "1.23 MB", "1,23 Mo"),
        (True, Unit.YES_NO, "yes", "oui"),
        ("POST /d", Unit.TEXT, "POST /d", "POST /d"),
    ],
)
def test_a_number_carries_its_unit_in_words(value, unit, english, french):
    def plain(words):
        return words.replace("\u202f", " ").replace("\u00a0", " ")

    assert plain(quantity(value, unit, "en")) == english
    assert plain(quantity(value, unit, "fr")) == french


def test_french_groups_and_signs_take_narrow_spaces_that_do_not_break():
    assert quantity(182_000, Unit.USERS, "fr") == "182\u202f000\u00a0usagers"
    assert quantity(0.1, Unit.RATIO, "fr") == "10\u202f%"


def test_a_threshold_is_shown_in_full():
    assert quantity(312_457, Unit.USERS, "en", None) == "312,457\u00a0users"
    assert quantity(0.7 * 0.01, Unit.RATIO, "en", None) == "0.7%"


@pytest.mark.parametrize(
    ("value", "shown"), [(0.4004, "400.4\u202fms"), (0.40000004, "400.00004\u202fms"), (0.4, "400\u202fms")]
)
def test_a_value_never_reads_like_a_threshold_that_it_differs_from(value, shown):
    assert apart(value, 0.4, Unit.SECOND).en == shown


def test_what_is_held_is_rounded_down():
    assert [rounded_down(n) for n in (299_999, 1_000, 12.7, 0, 0.5)] == [299_000, 1_000, 12, 0, 0]


def test_a_date_is_written_out():
    assert (day(date(2027, 2, 20), "en"), day(date(2027, 2, 20), "fr")) == ("20 February 2027", "20 février 2027")
    assert [day(date(2027, 2, n), "fr") for n in (1, 11, 21)] == [
        "1er février 2027",
        "11 février 2027",
        "21 février 2027",
    ]
    assert day(date(2027, 2, 1), "en") == "1 February 2027"


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("value", [0.001, 0.1 + 0.2, 1 / 3, 0.5, 1, 12.25, 999.9994, -3.5])
def test_the_short_way_to_write_a_number_is_the_long_one(lang, value):
    for digits in (3, None):
        shown = float(f"{value:.{12 if digits is None else digits}g}")
        assert number(value, lang, digits) == format_decimal(shown, locale=lang, decimal_quantization=False).replace(
            "−", "-"
        )
