"""Read a list of firms as people save it: every line is either good or named with what is wrong with it."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from io import StringIO
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reference_app.dossiers.draft import Email, Line, Siret, field_errors
from reference_app.errors import N_, FieldError, Invalid

MOST_BYTES = 5 * 1024 * 1024
MOST_LINES = 20_000

HEADERS = {
    "siret": frozenset({"siret", "n siret", "no siret", "numero siret", "numero de siret", "siret number"}),
    "name": frozenset(
        {
            "nom",
            "nom de l entreprise",
            "raison sociale",
            "denomination",
            "entreprise",
            "name",
            "company",
            "company name",
        }
    ),
    "email": frozenset(
        {
            "email",
            "e mail",
            "mail",
            "courriel",
            "adresse electronique",
            "adresse e mail",
            "adresse email",
            "email address",
        }
    ),
}
"""What the columns may be called, without capitals, accents and signs; other columns are left out."""


_SHOWN = {"siret": "SIRET", "name": "nom / name", "email": "courriel / e-mail"}
"""A title that would do, for readers of both languages: it is to be typed, not read."""


class Reason(StrEnum):
    """What is wrong with a line."""

    SIRET = "siret"
    NAME = "name"
    EMAIL = "email"
    COLUMNS = "columns"
    REPEATED = "repeated"
    KNOWN = "known"


REASONS = {
    Reason.SIRET: N_("This is no SIRET number: 14 digits, the last of which checks the others."),
    Reason.NAME: N_("The name is empty, longer than 200 characters, or holds characters that cannot be kept."),
    Reason.EMAIL: N_("This is no e-mail address."),
    Reason.COLUMNS: N_("This line has another number of columns than the first."),
    Reason.REPEATED: N_("The same firm stands in an earlier line."),
    Reason.KNOWN: N_("This firm is invited by this campaign already."),
}

NO_TEXT = N_("This file is no text: save the list as CSV and choose it again.")
NO_COLUMN = N_("The first line names no column for: %(missing)s. It must name a SIRET number, a name and an e-mail.")
TWICE = N_("The first line names two columns for: %(missing)s.")
TOO_MANY = N_("The list has more than %(most)s lines. Divide it.")
EMPTY = N_("The list holds no line but the first.")


class Firm(BaseModel):
    """A line that may be used."""

    model_config = ConfigDict(frozen=True)

    siret: Siret
    name: Annotated[Line, Field(min_length=1)]
    email: Email


@dataclass(frozen=True)
class Good:
    """A firm, and the line it stands in, counted as an editor counts them."""

    number: int
    firm: Firm


@dataclass(frozen=True)
class Mistake:
    """What is wrong in one column of one line; ``other`` is the earlier line of the same firm."""

    number: int
    field: str
    reason: Reason
    other: int | None = None


@dataclass(frozen=True)
class Read:
    """What a list holds."""

    good: Sequence[Good]
    mistakes: Sequence[Mistake]
    lines: int


def read(content: bytes) -> Read:
    """The firms of ``content``: CSV in UTF-8, with or without its mark, or Windows-1252, columns parted by ; or comma.

    Raises:
        Invalid: nothing of it can be read; the error stands at the field ``file``.
    """
    rows = _rows(_text(content))
    try:
        _, titles = next(rows)
        places = _places(titles)
        return _checked(rows, places, len(titles))
    except StopIteration:
        raise _refused(EMPTY) from None
    except csv.Error:
        raise _refused(NO_TEXT) from None


def _text(content: bytes) -> str:
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        return text
    raise _refused(NO_TEXT)


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each line that holds anything, with its number."""
    first = text.split("\n", 1)[0]
    delimiter = max(";,\t", key=first.count)
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter)
    number = 1
    for row in reader:
        if any(cell.strip() for cell in row):
            yield number, row
        number = reader.line_num + 1


def _places(titles: list[str]) -> dict[str, int]:
    named = [_plain(title) for title in titles]
    found = {field: [i for i, title in enumerate(named) if title in known] for field, known in HEADERS.items()}
    for field, places in found.items():
        if len(places) != 1:
            raise _refused(TWICE if places else NO_COLUMN, missing=_SHOWN[field])
    return {field: places[0] for field, places in found.items()}


def _plain(title: str) -> str:
    letters = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().casefold()
    return " ".join(re.sub(r"[^a-z0-9]+", " ", letters).split())


def _checked(rows: Iterator[tuple[int, list[str]]], places: dict[str, int], width: int) -> Read:
    good: list[Good] = []
    mistakes: list[Mistake] = []
    seen: dict[str, int] = {}
    lines = 0
    for number, row in rows:
        lines += 1
        if lines > MOST_LINES:
            raise _refused(TOO_MANY, most=MOST_LINES)
        if len(row) != width:
            mistakes.append(Mistake(number, "", Reason.COLUMNS))
            continue
        try:
            firm = Firm.model_validate({field: row[place] for field, place in places.items()})
        except ValidationError as error:
            mistakes += [Mistake(number, field, Reason(field)) for field in field_errors(error.errors())]
            continue
        if firm.siret in seen:
            mistakes.append(Mistake(number, "siret", Reason.REPEATED, seen[firm.siret]))
            continue
        seen[firm.siret] = number
        good.append(Good(number, firm))
    if lines == 0:
        raise _refused(EMPTY)
    return Read(good, mistakes, lines)


def _refused(sentence: str, **values: object) -> Invalid:
    return Invalid({"file": FieldError(sentence, values)})
