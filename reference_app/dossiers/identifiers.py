"""Numbers with a check in them: SIRET and IBAN. A mistyped one is caught before it reaches an agent."""

from __future__ import annotations

import re

_LA_POSTE = "356000000"
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")


def is_siret(text: str) -> bool:
    """Whether ``text`` is 14 digits that pass the check of the business register.

    Luhn's formula; the establishments of La Poste sum up to a multiple of 5 instead (INSEE, Sirene documentation).
    """
    if re.fullmatch(r"[0-9]{14}", text) is None:
        return False
    if _luhn(text) % 10 == 0:
        return True
    return text.startswith(_LA_POSTE) and sum(map(int, text)) % 5 == 0


def is_iban(text: str) -> bool:
    """Whether ``text`` (capitals, no spaces) passes the check of ISO 13616: remainder 1 modulo 97."""
    if _IBAN.fullmatch(text) is None:
        return False
    digits = "".join(str(int(c, 36)) for c in text[4:] + text[:4])
    return int(digits) % 97 == 1


def _luhn(digits: str) -> int:
    doubled = (int(c) * 2 for c in digits[-2::-2])
    return sum(map(int, digits[-1::-2])) + sum(d - 9 if d > 9 else d for d in doubled)
