"""Days and hours as people write them."""

from __future__ import annotations

from datetime import UTC, datetime

from reference_app import dates

LATE = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
"""Already the first of December where the service is."""


def test_a_moment_is_told_in_the_legal_time_and_in_the_manner_of_the_language():
    assert dates.day(LATE, "fr") == "1er décembre 2026"
    assert dates.day(LATE, "en") == "1 December 2026"
    assert dates.weekday(LATE, "fr") == "mardi 1er décembre"
    assert dates.weekday(LATE, "en") == "Tuesday 1 December"
    assert dates.hour(LATE, "fr") == "00h30"
    assert dates.moment(LATE, "fr") == "1er décembre 2026 à 00h30"
    assert dates.moment(LATE, "en") == "1 December 2026 at 00:30"


def test_only_the_first_day_of_a_month_is_an_ordinal():
    assert dates.day(LATE.replace(day=10), "fr") == "11 novembre 2026"
    assert dates.weekday(LATE.replace(month=12, day=20), "fr") == "lundi 21 décembre"
