"""Values a journey may send about the person who makes it: valid, made up, the same for the whole session."""

from __future__ import annotations

import re
from collections.abc import Collection
from random import Random

_FIRST = ("Adèle", "Bakary", "Camille", "Dominique", "Élodie", "Farid", "Gaëlle", "Hugo", "Inès", "Jeanne", "Karim")
_LAST = (
    "Abadie",
    "Bernard",
    "Cissé",
    "Delmas",
    "Étienne",
    "Fontaine",
    "Garnier",
    "Haddad",
    "Lefèvre",
    "Nguyen",
    "Roux",
)

NAMES = tuple(f"{first} {last}" for first in _FIRST for last in _LAST)
"""Every name a person may have: no report repeats one."""

GENERATED = frozenset({"siret", "siren", "email", "name", "uuid", "n", "iban"})
"""Placeholders every step may use; ``uuid`` is drawn anew for each step, the others once a session."""


def person(random: Random, number: int, uses: Collection[str] = GENERATED) -> dict[str, str | int]:
    """A person: number ``number`` of their population, with those identifiers that ``uses`` names.

    E-mail and number belong together, so that a service that keeps accounts sees the same people come back; the
    rest is drawn anew from ``random``, so that a second run against the same data meets no duplicates.
    """
    values: dict[str, str | int] = {"n": number, "email": f"usager-{number}@example.org"}
    if "name" in uses:
        values["name"] = f"{random.choice(_FIRST)} {random.choice(_LAST)}"
    if "siren" in uses or "siret" in uses:
        siren = luhn_completed(str(random.randrange(10**7, 10**8)))
        values |= {"siren": siren, "siret": luhn_completed(siren + f"{random.randrange(10**4):04d}")}
    if "iban" in uses:
        values["iban"] = french_iban(random)
    return values


def is_made_up_email(address: str) -> bool:
    """Whether ``address`` is one that :func:`person` gives."""
    return re.fullmatch(r"usager-\d+@example\.org", address) is not None


def fresh_uuid(random: Random) -> str:
    """A version 4 UUID drawn from ``random``."""
    bits = random.getrandbits(128)
    bits = (bits & ~(0xF << 76)) | (4 << 76)
    bits = (bits & ~(0x3 << 62)) | (2 << 62)
    text = f"{bits:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def luhn_completed(digits: str) -> str:
    """``digits`` followed by the digit that makes the whole valid by Luhn's formula (ISO/IEC 7812-1)."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if position % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return digits + str(-total % 10)


def french_iban(random: Random) -> str:
    """A French IBAN whose national key (RIB) and international key (ISO 13616, modulo 97) are both right."""
    bank, branch, account = random.randrange(10**5), random.randrange(10**5), random.randrange(10**11)
    rib_key = 97 - (89 * bank + 15 * branch + 3 * account) % 97
    bban = f"{bank:05d}{branch:05d}{account:011d}{rib_key:02d}"
    # F is 15 and R is 27 in the number whose remainder counts
    check = 98 - int(bban + "152700") % 97
    return f"FR{check:02d}{bban}"


def member(index: int, size: int) -> int:
    """Number of the ``index``-th visitor in a population of ``size``: everybody comes once before anybody twice.

    A stride near the golden ratio, made coprime to ``size``, spreads the visits over the whole population, so that
    neither caches nor locks see neighbours only.
    """
    if size <= 1:
        return 0
    stride = max(1, round(size * 0.6180339887498949))
    while _common_divisor(stride, size) != 1:
        stride += 1
    return index * stride % size


def _common_divisor(a: int, b: int) -> int:
    while b:
        a, b = b, a % b
    return a
