"""Read a list of firms as people save it: every line is either good or named with what is wrong with it."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from io import StringIO
from itertools import takewhile
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from reference_app.campaigns import tables
from reference_app.dossiers.draft import Email, Line, Siret, field_errors
from reference_app.errors import N_, FieldError, Invalid
from reference_app.language import Language

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
    "language": frozenset({"langue", "langue de correspondance", "language", "lang"}),
}
"""What the columns may be called, without capitals, accents and signs; other columns are left out."""
_OPTIONAL = frozenset({"language"})

ADDED = (N_("Line"), N_("What is wrong"))
"""Columns that stand first in the file of lines to mend, and are taken off when it comes back."""
_ADDED = frozenset({"line", "ligne", "what is wrong", "ce qui ne va pas"})

_LANGUAGES: Mapping[str, Language] = {
    **dict.fromkeys(("fr", "fra", "fre", "francais", "french"), "fr"),
    **dict.fromkeys(("en", "eng", "anglais", "english"), "en"),
}

_SHOWN = {
    "siret": "SIRET",
    "name": "nom / name",
    "email": "courriel / e-mail",
    "language": "langue / language",
}
"""A title that would do, for readers of both languages: it is to be typed, not read."""


class Reason(StrEnum):
    """What is wrong with a line."""

    SIRET = "siret"
    NAME = "name"
    EMAIL = "email"
    LANGUAGE = "language"
    COLUMNS = "columns"
    REPEATED = "repeated"
    KNOWN = "known"


REASONS = {
    Reason.SIRET: N_("This is no SIRET number: 14 digits, the last of which checks the others."),
    Reason.NAME: N_("The name is empty, longer than 200 characters, or holds characters that cannot be kept."),
    Reason.EMAIL: N_("This is no e-mail address."),
    Reason.LANGUAGE: N_("We write in French (fr) or in English (en). Leave it empty where you do not know."),
    Reason.COLUMNS: N_("This line has another number of columns than the first."),
    Reason.REPEATED: N_("The same firm stands in an earlier line."),
    Reason.KNOWN: N_("This firm is invited by this campaign already."),
}

NO_TEXT = N_("This file is no text: save the list as CSV and choose it again.")
NO_COLUMN = N_("The first line names no column for: %(missing)s. It must name a SIRET number, a name and an e-mail.")
TWICE = N_("The first line names two columns for: %(missing)s.")
TOO_MANY = N_("The list has more than %(most)s lines. Divide it.")
EMPTY = N_("The list holds no line but the first.")


def _language(word: object) -> object:
    """The language that ``word`` names, as people write it; None for an empty cell."""
    named = _plain(word) if isinstance(word, str) else ""
    return _LANGUAGES.get(named, word) if named else None


class Firm(BaseModel):
    """A line that may be used."""

    model_config = ConfigDict(frozen=True)

    siret: Siret
    name: Annotated[Line, Field(min_length=1)]
    email: Email
    language: Annotated[Language | None, BeforeValidator(_language)] = None


@dataclass(frozen=True)
class Good:
    """A firm, and the line it stands in, counted as an editor counts them."""

    number: int
    firm: Firm
    cells: Sequence[str]


@dataclass(frozen=True)
class Mistake:
    """What is wrong in one column of one line; ``other`` is the earlier line of the same firm."""

    number: int
    field: str
    reason: Reason
    other: int | None = None


@dataclass(frozen=True)
class Read:
    """What a list holds: ``titles`` are its first line, ``bad`` the cells of lines with mistakes by their number."""

    titles: Sequence[str]
    good: Sequence[Good]
    mistakes: Sequence[Mistake]
    bad: Mapping[int, Sequence[str]]
    lines: int

    def without(self, known: Collection[str]) -> Read:
        """The same where firms with these SIRET numbers cannot be used, since they are invited already."""
        again = [good for good in self.good if good.firm.siret in known]
        return Read(
            self.titles,
            [good for good in self.good if good.firm.siret not in known],
            [*self.mistakes, *(Mistake(good.number, "siret", Reason.KNOWN) for good in again)],
            {**self.bad, **{good.number: good.cells for good in again}},
            self.lines,
        )


def read(content: bytes) -> Read:
    """The firms of ``content``: CSV in UTF-8, with or without its mark, or Windows-1252, columns parted by ; or comma.

    Raises:
        Invalid: nothing of it can be read; the error stands at the field ``file``.
    """
    rows = _rows(_text(content))
    try:
        _, titles = next(rows)
        return _checked(rows, titles)
    except StopIteration:
        raise _refused(EMPTY) from None
    except csv.Error:
        raise _refused(NO_TEXT) from None


def places(titles: Sequence[str]) -> dict[str, int]:
    """In which column each field stands. Raises Invalid where one is missing, or there twice."""
    named = [_plain(title) for title in titles]
    found = {field: [i for i, title in enumerate(named) if title in known] for field, known in HEADERS.items()}
    for field, standing in found.items():
        if len(standing) > 1 or (not standing and field not in _OPTIONAL):
            raise _refused(TWICE if standing else NO_COLUMN, missing=_SHOWN[field])
    return {field: standing[0] for field, standing in found.items() if standing}


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
    """Each line that holds anything, with its number; without the columns that a file of lines to mend had more."""
    first = text.split("\n", 1)[0]
    delimiter = max(";,\t", key=first.count)
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter)
    number, added = 1, -1
    for row in reader:
        if any(cell.strip() for cell in row):
            if added < 0:
                added = len(list(takewhile(lambda title: _plain(title) in _ADDED, row)))
            yield number, [tables.plain(cell) for cell in row[added:]]
        number = reader.line_num + 1


def _plain(title: str) -> str:
    letters = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().casefold()
    return " ".join(re.sub(r"[^a-z0-9]+", " ", letters).split())


def _checked(rows: Iterator[tuple[int, list[str]]], titles: list[str]) -> Read:
    standing = places(titles)
    good: list[Good] = []
    mistakes: list[Mistake] = []
    bad: dict[int, list[str]] = {}
    seen: dict[str, int] = {}
    lines = 0
    for number, row in rows:
        lines += 1
        if lines > MOST_LINES:
            raise _refused(TOO_MANY, most=MOST_LINES)
        firm = _firm(number, row, standing, len(titles))
        if isinstance(firm, Firm) and firm.siret in seen:
            firm = [Mistake(number, "siret", Reason.REPEATED, seen[firm.siret])]
        if isinstance(firm, Firm):
            seen[firm.siret] = number
            good.append(Good(number, firm, row))
        else:
            mistakes += firm
            bad[number] = row
    if lines == 0:
        raise _refused(EMPTY)
    return Read(titles, good, mistakes, bad, lines)


def _firm(number: int, row: list[str], standing: Mapping[str, int], width: int) -> Firm | list[Mistake]:
    """The firm of a line, or what is wrong with it."""
    if len(row) != width:
        return [Mistake(number, "", Reason.COLUMNS)]
    try:
        return Firm.model_validate({field: row[place] for field, place in standing.items()})
    except ValidationError as error:
        return [Mistake(number, field, Reason(field)) for field in field_errors(error.errors())]


def _refused(sentence: str, **values: object) -> Invalid:
    return Invalid({"file": FieldError(sentence, values)})
