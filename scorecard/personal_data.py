"""Recognisers of French personal data, each with the key that its makers gave it against errors of typing.

Pure functions of text. A key makes a chance hit rare: one number of 15 digits in 200 passes for a NIR, one of 14 in 100
for a SIRET. A hit on a value that was typed by us is certain; see :func:`spellings`.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from urllib.parse import quote, quote_plus


class Kind(StrEnum):
    """What a value is about somebody."""

    NIR = "nir"
    IBAN = "iban"
    SIRET = "siret"
    SIREN = "siren"
    EMAIL = "email"
    TELEPHONE = "telephone"
    NAME = "name"


IN_WORDS: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.NIR: "a social security number",
        Kind.IBAN: "an IBAN",
        Kind.SIRET: "a SIRET",
        Kind.SIREN: "a SIREN",
        Kind.EMAIL: "an e-mail address",
        Kind.TELEPHONE: "a telephone number",
        Kind.NAME: "a name",
    }
)


@dataclass(frozen=True)
class Found:
    """A value in a text, from ``start`` to ``end``."""

    kind: Kind
    value: str
    start: int
    end: int


def find(text: str) -> list[Found]:
    """The personal values of ``text`` in their order; where two overlap, the longer one.

    A SIREN alone is looked for after its name only: one number of nine digits in ten has a right key.
    """
    found = sorted(_candidates(text), key=lambda one: (one.start, -one.end))
    kept: list[Found] = []
    for one in found:
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    return kept


def is_nir(value: str) -> bool:
    """Whether ``value`` is a social security number of 13 characters with its key (15 in all, spaces allowed).

    Key: 97 minus the remainder of the number by 97, where Corsica's 2A counts as 19 and 2B as 18 (INSEE, structure of
    the NIR; décret n° 82-103 du 22 janvier 1982).
    """
    bare = _bare(value).upper()
    match = re.fullmatch(r"([1-478])(\d\d)(\d\d)(\d\d|2A|2B)(\d{3})(\d{3})(\d\d)", bare)
    if match is None:
        return False
    month, county, place, order = int(match[3]), match[4], match[5], match[6]
    if not (1 <= month <= 12 or month == 20 or 30 <= month <= 42 or 50 <= month <= 99):
        return False
    if "000" in (place, order) or county == "00" or county == "96":
        return False
    number = int(bare[:13].replace("2A", "19").replace("2B", "18"))
    return int(match[7]) == 97 - number % 97


def is_iban(value: str) -> bool:
    """Whether ``value`` is an IBAN of a country of the euro payments area (ISO 13616: length, remainder 1 by 97)."""
    bare = _bare(value).upper()
    if re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]+", bare) is None or _IBAN_LENGTH.get(bare[:2]) != len(bare):
        return False
    return int("".join(str(int(character, 36)) for character in bare[4:] + bare[:4])) % 97 == 1


def is_siren(value: str) -> bool:
    """Whether ``value`` is nine digits with a right key (Luhn, ISO/IEC 7812-1), not all zeros."""
    bare = _bare(value)
    return re.fullmatch(r"[0-9]{9}", bare) is not None and int(bare) > 0 and _luhn(bare) % 10 == 0


def is_siret(value: str) -> bool:
    """Whether ``value`` is the SIRET of an establishment: 14 digits whose first nine are a SIREN, both with their key.

    The establishments of La Poste (SIREN 356000000) have a key of their own: the sum of the digits is a multiple of
    five (INSEE).
    """
    bare = _bare(value)
    if re.fullmatch(r"[0-9]{14}", bare) is None or not is_siren(bare[:9]):
        return False
    if bare.startswith("356000000"):
        return sum(map(int, bare)) % 5 == 0 or _luhn(bare) % 10 == 0
    return _luhn(bare) % 10 == 0


def is_telephone(value: str) -> bool:
    """Whether ``value`` is a French telephone number, national or with +33.

    Ten bare digits count when they begin like a mobile telephone: others are too often something else.
    """
    bare = re.sub(r"[ .\u00a0-]|\(0\)", "", value)
    if re.fullmatch(r"(?:\+33|0033)[1-9][0-9]{8}", bare):
        return True
    return re.fullmatch(r"0[1-9][0-9]{8}", bare) is not None and (bare != value or bare[1] in "67")


def spellings(value: str) -> frozenset[str]:
    """The ways ``value`` is written in a URL, a page, a JSON document or a log, and in groups if it is an IBAN."""
    in_json = json.dumps(value)[1:-1]
    ways = {value, quote(value, safe=""), quote(value), quote_plus(value), html.escape(value), in_json}
    ways |= {quote(value, safe="@"), value.replace(" ", "%20"), value.lower() if "@" in value else value}
    if is_iban(value):
        ways.add(" ".join(value[at : at + 4] for at in range(0, len(value), 4)))
    return frozenset(ways)


def _candidates(text: str) -> Iterator[Found]:
    for kind, pattern, holds in _RECOGNISERS:
        for match in pattern.finditer(text):
            value = match[1]
            if holds(value):
                yield Found(kind, value, match.start(1), match.end(1))


def _bare(value: str) -> str:
    return re.sub(r"[ .\u00a0\u202f-]", "", value)


def _luhn(digits: str) -> int:
    total = 0
    for position, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if position % 2 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return total


def _always(_: str) -> bool:
    return True


_GAP = r"[ .\u00a0-]?"
_RECOGNISERS: tuple[tuple[Kind, re.Pattern[str], Callable[[str], bool]], ...] = (
    (
        Kind.NIR,
        re.compile(
            rf"(?<![\w])([1-478]{_GAP}\d\d{_GAP}\d\d{_GAP}(?:\d\d|2[ABab]){_GAP}\d{{3}}{_GAP}\d{{3}}{_GAP}\d\d)(?!\w)"
        ),
        is_nir,
    ),
    (
        Kind.IBAN,
        re.compile(
            r"(?<!\w)([A-Z]{2}\d{2}(?:[A-Z0-9]{11,30}|(?:[ \u00a0][A-Z0-9]{4}){2,7}(?:[ \u00a0][A-Z0-9]{1,3})?))(?!\w)"
        ),
        is_iban,
    ),
    (Kind.SIRET, re.compile(rf"(?<!\w)([0-9]{{3}}{_GAP}[0-9]{{3}}{_GAP}[0-9]{{3}}{_GAP}[0-9]{{5}})(?!\w)"), is_siret),
    (Kind.SIREN, re.compile(r"(?i)\bsiren\W{0,5}([0-9]{3} ?[0-9]{3} ?[0-9]{3})(?!\w)"), is_siren),
    (Kind.EMAIL, re.compile(r"(?<![\w.+%-])([\w.+%-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24})(?![\w-])"), _always),
    (
        Kind.TELEPHONE,
        re.compile(r"(?<![\w.+-])((?:(?:\+|00)33[ .\u00a0-]?(?:\(0\))?|0)[1-9](?:[ .\u00a0-]?\d\d){4})(?![\w-])"),
        is_telephone,
    ),
)
_IBAN_LENGTH: Mapping[str, int] = MappingProxyType(
    {
        "AD": 24, "AT": 20, "BE": 16, "BG": 22, "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "EE": 20,
        "ES": 24, "FI": 18, "FR": 27, "GB": 22, "GI": 23, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IS": 26,
        "IT": 27, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "MC": 27, "MT": 31, "NL": 18, "NO": 15, "PL": 28,
        "PT": 25, "RO": 24, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "VA": 22,
    }
)  # fmt: skip
