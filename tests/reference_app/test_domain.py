"""Rules that need no database: check digits, dates, states, plurals of nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from reference_app.dossiers.identifiers import is_iban, is_siret
from reference_app.dossiers.receipt import issue, silence_date
from reference_app.dossiers.states import NEXT, State, require
from reference_app.errors import Conflict
from reference_app.procedure import PROCEDURES, filing_of


@pytest.mark.parametrize("siret", ["73282932000074", "35600000000048", "35600000049837"])
def test_a_real_siret_passes_those_of_la_poste_too(siret):
    assert is_siret(siret)


@pytest.mark.parametrize(
    "siret", ["", "73282932000075", "7328293200007", "732829320000741", "7328293200007a", "35600000049838"]
)
def test_a_wrong_siret_does_not_pass(siret):
    assert not is_siret(siret)


def test_every_mistyped_digit_of_a_siret_is_caught():
    good = "73282932000074"
    for place, digit in enumerate(good):
        for other in set("0123456789") - {digit}:
            assert not is_siret(good[:place] + other + good[place + 1 :])


@pytest.mark.parametrize("iban", ["FR7630006000011234567890189", "DE89370400440532013000", "NO9386011117947"])
def test_a_real_iban_passes(iban):
    assert is_iban(iban)


@pytest.mark.parametrize(
    "iban", ["", "FR7630006000011234567890188", "fr7630006000011234567890189", "FR76", "FR76" + "0" * 40]
)
def test_a_wrong_iban_does_not_pass(iban):
    assert not is_iban(iban)


@pytest.mark.parametrize(
    ("received", "decides"),
    [
        (date(2026, 11, 22), date(2027, 1, 23)),
        (date(2026, 12, 30), date(2027, 2, 28)),
        (date(2027, 12, 30), date(2028, 2, 29)),
        (date(2026, 10, 31), date(2027, 1, 1)),
    ],
)
def test_silence_is_counted_from_the_day_after_filing(received, decides):
    assert silence_date(received, 2) == decides


def test_the_date_of_a_receipt_is_the_legal_date_in_france():
    receipt = issue(filing_of(PROCEDURES["emergency-aid"]), 7, datetime(2026, 12, 31, 23, 30, tzinfo=UTC))
    assert receipt.number == "AUE-2027-00000007"
    assert receipt.silence_on == date(2027, 3, 2)


def test_every_state_says_what_it_may_become():
    assert set(NEXT) == set(State)
    for current in State:
        for wanted in State:
            if wanted in NEXT[current]:
                require(current, wanted)
            else:
                with pytest.raises(Conflict):
                    require(current, wanted)
