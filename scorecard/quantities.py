"""Numbers with their units in words that people read, in English and French."""

from __future__ import annotations

import math
import re
from datetime import date
from functools import lru_cache

from babel import Locale
from babel.dates import format_date

from scorecard.evidence import Text, Unit

SIGNIFICANT = 3
"""Digits a measured number is shown with: more would claim a precision that no run has."""

_NARROW = "\u202f"
_LOCALES = {lang: Locale.parse(lang) for lang in ("en", "fr")}
_DECIMAL = {lang: locale.decimal_formats[None] for lang, locale in _LOCALES.items()}
_POINT = {lang: str(locale.number_symbols["latn"]["decimal"]) for lang, locale in _LOCALES.items()}
_PLURALS = {
    Unit.USERS: (("user", "users"), ("usager", "usagers")),
    Unit.DAYS: (("day", "days"), ("jour", "jours")),
    Unit.MONTHS: (("month", "months"), ("mois", "mois")),
    Unit.YEARS: (("year", "years"), ("an", "ans")),
    Unit.REQUESTS_PER_SECOND: (("request/s", "requests/s"), ("requête/s", "requêtes/s")),
    Unit.JOURNEYS_PER_SECOND: (("journey/s", "journeys/s"), ("parcours/s", "parcours/s")),
}


@lru_cache(maxsize=16_384, typed=True)
def quantity(value: bool | float | str, unit: Unit, lang: str, digits: int | None = SIGNIFICANT) -> str:
    """``value`` in ``unit`` as a person writes it in ``lang``: "312 ms", "0,1 %", "182 000 usagers", "yes".

    ``digits`` significant digits are shown, None for all of them (a threshold). Users are rounded down, so that
    299 999 never reads as 300 000; counts are always shown whole.
    """
    if isinstance(value, bool):
        return _yes_no(value, lang)
    if isinstance(value, str):
        return value
    match unit:
        case Unit.SECOND:
            return _duration(value, lang, digits)
        case Unit.RATIO:
            percent = number(value * 100, lang, digits)
            return f"{percent}{_NARROW}%" if lang == "fr" else f"{percent}%"
        case Unit.BYTES:
            return _scaled(value, (("kB", "ko", 1e3), ("MB", "Mo", 1e6), ("GB", "Go", 1e9)), ("B", "o"), lang, digits)
        case Unit.SCORE_OF_10 | Unit.SCORE_OF_5:
            return f"{number(value, lang, digits)}{unit.value}"
        case Unit.USERS:
            return _counted(value if digits is None else rounded_down(value, digits), unit, lang, None)
        case Unit.COUNT:
            return number(value, lang, None)
        case Unit.YES_NO | Unit.TEXT:
            return number(value, lang, None)
        case _:
            return _counted(value, unit, lang, digits)


@lru_cache(maxsize=16_384, typed=True)  # typed: True is not 1
def both(value: bool | float | str, unit: Unit, digits: int | None = SIGNIFICANT) -> Text:
    """``value`` in ``unit``, in both languages."""
    return Text(en=quantity(value, unit, "en", digits), fr=quantity(value, unit, "fr", digits))


def apart(value: float, line: float, unit: Unit) -> Text:
    """``value`` with as many digits as it takes not to read like a ``line`` that it differs from.

    A p95 of 400.4 ms that fails "at most 400 ms" must not be shown as "400 ms".
    """
    exact = quantity(line, unit, "en", None)
    for digits in (SIGNIFICANT, 4, 5, 6, 9):
        if value == line or quantity(value, unit, "en", digits) != exact:
            return both(value, unit, digits)
    return both(value, unit, None)


def number(value: float, lang: str, digits: int | None = SIGNIFICANT) -> str:
    """``value`` in the number format of ``lang``, with ``digits`` significant digits."""
    # 12 digits hide the noise of binary fractions (0.7 * 0.01) and nothing that was measured.
    shown = float(f"{value:.{12 if digits is None else digits}g}")
    if 0.001 <= abs(shown) < 1000:  # nothing to group: 20 times faster than the general way, and most numbers
        return f"{shown:.12g}".replace(".", _POINT[lang])
    return str(_DECIMAL[lang].apply(shown, _LOCALES[lang], decimal_quantization=False))


def rounded_down(value: float, digits: int = SIGNIFICANT) -> float:
    """``value`` down to ``digits`` significant digits, to a whole number: what is held is never overstated."""
    step: float = max(1, 10 ** (_magnitude(value) - digits + 1))
    return math.floor(value / step) * step


def day(value: date, lang: str) -> str:
    """A date in full: "20 February 2027", "20 février 2027", "1er février 2027"."""
    written = str(format_date(value, "d MMMM y", locale=_LOCALES[lang]))
    return re.sub(r"^1 ", "1er ", written) if lang == "fr" else written


def _magnitude(value: float) -> int:
    return math.floor(math.log10(abs(value))) if value else 0


def _yes_no(value: bool, lang: str) -> str:
    words = ("oui", "non") if lang == "fr" else ("yes", "no")
    return words[0] if value else words[1]


def _duration(seconds: float, lang: str, digits: int | None) -> str:
    if 0 < abs(seconds) < 1:
        return f"{number(seconds * 1000, lang, digits)}{_NARROW}ms"
    for unit, factor in (("d", 86_400.0), ("h", 3_600.0), ("min", 60.0)):
        if abs(seconds) >= 2 * factor:
            if unit == "d":
                return _counted(seconds / factor, Unit.DAYS, lang, digits)
            return f"{number(seconds / factor, lang, digits)}{_NARROW}{unit}"
    return f"{number(seconds, lang, digits)}{_NARROW}s"


def _scaled(
    value: float, steps: tuple[tuple[str, str, float], ...], base: tuple[str, str], lang: str, digits: int | None
) -> str:
    shown, factor = base, 1.0
    for en, fr, step in steps:
        if abs(value) >= step:
            shown, factor = (en, fr), step
    return f"{number(value / factor, lang, digits)}{_NARROW}{shown[lang == 'fr']}"


def _counted(value: float, unit: Unit, lang: str, digits: int | None) -> str:
    forms = _PLURALS[unit][lang == "fr"]
    singular = abs(value) < 2 if lang == "fr" else value == 1
    return f"{number(value, lang, digits)}\u00a0{forms[0] if singular else forms[1]}"
