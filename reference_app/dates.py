"""Days and hours as people write them, in their language and in the legal time of the service."""

from __future__ import annotations

from datetime import date, datetime

from babel.dates import format_date, format_time

from reference_app.dossiers.receipt import LEGAL_TIME
from reference_app.language import Language


def day(value: date | datetime, language: Language) -> str:
    """``1er décembre 2026``, ``1 December 2026``; of a moment, the day it is here and not in UTC."""
    return _first(format_date(_here(value), "d MMMM y", locale=language), language)


def weekday(value: date | datetime, language: Language) -> str:
    """``mardi 1er décembre``, ``Tuesday 1 December``."""
    name, _, rest = format_date(_here(value), "EEEE d MMMM", locale=language).partition(" ")
    return f"{name} {_first(rest, language)}"


def hour(value: datetime, language: Language) -> str:
    """``09h30``, ``09:30``."""
    local = value.astimezone(LEGAL_TIME).time()
    return format_time(local, "HH'h'mm" if language == "fr" else "HH:mm", locale=language)


def moment(value: datetime, language: Language) -> str:
    """``1er décembre 2026 à 09h30``, ``1 December 2026 at 09:30``."""
    at = "à" if language == "fr" else "at"
    return f"{day(value, language)} {at} {hour(value, language)}"


def _here(value: date | datetime) -> date:
    return value.astimezone(LEGAL_TIME).date() if isinstance(value, datetime) else value


def _first(text: str, language: Language) -> str:
    """French counts the first day of a month as an ordinal, which the tables of the locale do not know."""
    return f"1er{text[1:]}" if language == "fr" and text.startswith("1 ") else text
