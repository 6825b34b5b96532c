"""Recognisers of personal data: what has its key is found, what has not is left alone."""

from __future__ import annotations

import string
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorecard.journeys.people import person
from scorecard.personal_data import Kind, find, is_iban, is_nir, is_siren, is_siret, is_telephone, spellings

DIGITS = st.text(string.digits, min_size=1, max_size=40)


@st.composite
def numbers_of_people(draw: st.DrawFn) -> str:
    county = draw(st.sampled_from(["01", "13", "2A", "2B", "69", "75", "95", "97", "99"]))
    sex, year, month = draw(st.sampled_from("12")), draw(st.integers(0, 99)), draw(st.integers(1, 12))
    place, order = draw(st.integers(1, 990)), draw(st.integers(1, 999))
    bare = f"{sex}{year:02d}{month:02d}{county}{place:03d}{order:03d}"
    key = 97 - int(bare.replace("2A", "19").replace("2B", "18")) % 97
    return f"{bare}{key:02d}"


def kinds(text: str) -> list[Kind]:
    return [one.kind for one in find(text)]


@given(numbers_of_people())
def test_a_social_security_number_is_found_spaced_or_not(number: str) -> None:
    groups = (number[0], number[1:3], number[3:5], number[5:7], number[7:10], number[10:13], number[13:])
    for written in (number, " ".join(groups)):
        assert is_nir(written)
        assert kinds(f"nir={written};") == [Kind.NIR]


@given(numbers_of_people(), st.integers(0, 14), st.integers(1, 9))
def test_a_social_security_number_with_a_wrong_digit_is_none(number: str, place: int, shift: int) -> None:
    if number[place].isdigit() and "2A" not in number and "2B" not in number:
        wrong = number[:place] + str((int(number[place]) + shift) % 10) + number[place + 1 :]
        assert not is_nir(wrong)


@pytest.mark.parametrize("corsican", ["1550A12345678", "255082B05000199", "2550820050001 18"])
def test_what_only_looks_corsican_is_none(corsican: str) -> None:
    assert not is_nir(corsican)


def test_published_examples_are_found() -> None:
    assert is_nir("2 55 08 14 168 025 38")
    assert is_iban("FR76 3000 6000 0112 3456 7890 189")
    assert is_iban("DE89370400440532013000")
    assert is_siren("732829320")
    assert is_siret("732 829 320 00074")
    assert is_siret("35600000000048"), "the head office of La Poste has an ordinary key"
    assert is_siret("35600000049837"), "its other establishments have their own"
    assert not is_siret("35600000049838")


@given(st.integers(0, 2**32))
def test_the_people_of_the_journeys_are_recognised(seed: int) -> None:
    someone = {name: str(value) for name, value in person(Random(seed), seed % 1000).items()}
    text = f"{someone['email']}, {someone['iban']}, {someone['siret']}"
    assert kinds(text) == [Kind.EMAIL, Kind.IBAN, Kind.SIRET]


def test_of_random_digits_few_are_taken_for_somebody() -> None:
    random = Random(20261122)
    for length, most in ((9, 0), (10, 100), (13, 3), (14, 60), (15, 35), (16, 0), (27, 0)):
        numbers = ("".join(random.choices(string.digits, k=length)) for _ in range(3000))
        assert sum(bool(find(number)) for number in numbers) <= most, length


@given(DIGITS)
def test_a_longer_number_holds_no_shorter_one(digits: str) -> None:
    for one in find(digits):
        assert (one.start, one.end) == (0, len(digits))


@given(st.text(max_size=300))
def test_any_text_is_read_and_every_hit_stands_in_it(text: str) -> None:
    found = find(text)
    assert all(text[one.start : one.end] == one.value for one in found)
    assert all(a.end <= b.start for a, b in pairwise(found))


@pytest.mark.parametrize(
    "number", ["06 12 34 56 78", "0612345678", "+33 6 12 34 56 78", "+33(0)612345678", "01.23.45.67.89"]
)
def test_a_telephone_number_is_found(number: str) -> None:
    assert kinds(f"tel : {number}.") == [Kind.TELEPHONE]


@pytest.mark.parametrize(
    "text", ["0123456789", "1612345678", "00 12 34 56 78", "2026-11-22 06:12:34", "10.20.30.40.50"]
)
def test_what_is_no_telephone_number_is_left_alone(text: str) -> None:
    assert Kind.TELEPHONE not in kinds(text)
    assert not is_telephone(text)


@pytest.mark.parametrize("text", ["usage@", "pip install x@1.2.3", "@app.get", "a@b", "package@1.0.0"])
def test_what_is_no_address_is_left_alone(text: str) -> None:
    assert kinds(text) == []


def test_a_siren_is_found_after_its_name_only() -> None:
    assert kinds("SIREN 732829320") == [Kind.SIREN]
    assert kinds("order 732829320") == []


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("a.b@example.org", "a.b%40example.org"),
        ("Élodie Roux", "%C3%89lodie%20Roux"),
        ("Élodie Roux", "%C3%89lodie+Roux"),
        ("Élodie Roux", "\\u00c9lodie Roux"),
        ("L'Été", "L&#x27;Été"),
        ("FR7630006000011234567890189", "FR76 3000 6000 0112 3456 7890 189"),
    ],
)
def test_a_value_is_known_however_it_is_written(value: str, written: str) -> None:
    assert written in spellings(value)
    assert value in spellings(value)
