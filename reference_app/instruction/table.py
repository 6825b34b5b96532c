"""Dossiers as the lines of a file: CSV for spreadsheets, JSON lines for programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Sequence

from reference_app.dossiers.dossier import Dossier
from reference_app.dossiers.receipt import LEGAL_TIME
from reference_app.dossiers.states import LABELS
from reference_app.errors import N_
from reference_app.form import FormField
from reference_app.groups import GROUPS
from reference_app.language import Language
from reference_app.procedure import PROCEDURES, filing_of

Lines = Callable[[Sequence[Dossier] | None], bytes]
"""Gives the lines of some dossiers; those before the first for None."""

_HEAD = (
    N_("Receipt"),
    N_("Procedure"),
    N_("Group"),
    N_("State"),
    N_("Received on"),
    N_("Silence decides on"),
    N_("Decided on"),
    N_("Reasons"),
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_lines(procedures: Iterable[str], language: Language, say: Callable[[str], str]) -> Lines:
    """CSV in ``language``: with a byte order mark, and in French with semicolons, as spreadsheets there expect it."""
    fields = _fields(procedures)

    def lines(dossiers: Sequence[Dossier] | None) -> bytes:
        text = io.StringIO(newline="")
        writer = csv.writer(text, delimiter=";" if language == "fr" else ",")
        if dossiers is None:
            writer.writerow([*map(say, _HEAD), *(say(field.label.en) for field in fields)])
            return text.getvalue().encode("utf-8-sig")
        for dossier in dossiers:
            answers = (_answer(dossier, field, say) for field in fields)
            writer.writerow([*map(_cell, (*_known(dossier, say), *answers))])
        return text.getvalue().encode()

    return lines


def json_lines() -> Lines:
    """One object a line, with the names of the API."""

    def line(dossier: Dossier) -> str:
        known = {
            "id": str(dossier.id),
            "receipt_number": dossier.receipt_number,
            "procedure": dossier.procedure,
            "group": dossier.groupe,
            "state": dossier.state,
            "filed_at": None if dossier.filed_at is None else dossier.filed_at.isoformat(),
            "silence_on": None if dossier.silence_on is None else dossier.silence_on.isoformat(),
            "decided_at": None if dossier.decided_at is None else dossier.decided_at.isoformat(),
            "motivation": dossier.motivation,
            "answers": dossier.answers,
        }
        return json.dumps(known, ensure_ascii=False) + "\n"

    def lines(dossiers: Sequence[Dossier] | None) -> bytes:
        return b"" if dossiers is None else "".join(map(line, dossiers)).encode()

    return lines


def _fields(procedures: Iterable[str]) -> list[FormField]:
    """The fields of all forms, each name once."""
    found: dict[str, FormField] = {}
    for name in sorted(procedures):
        for field in filing_of(PROCEDURES[name]).fields:
            found.setdefault(field.name, field)
    return list(found.values())


def _known(dossier: Dossier, say: Callable[[str], str]) -> tuple[str | None, ...]:
    group = GROUPS.get(dossier.groupe)
    return (
        dossier.receipt_number,
        say(dossier.procedure_name.en),
        dossier.groupe if group is None else say(group.label.en),
        say(LABELS[dossier.state]),
        None if dossier.filed_at is None else dossier.filed_at.astimezone(LEGAL_TIME).isoformat(" ", "minutes"),
        None if dossier.silence_on is None else dossier.silence_on.isoformat(),
        None if dossier.decided_at is None else dossier.decided_at.astimezone(LEGAL_TIME).isoformat(" ", "minutes"),
        dossier.motivation,
    )


def _answer(dossier: Dossier, field: FormField, say: Callable[[str], str]) -> str | int | None:
    value: str | int | None = dossier.answers.get(field.name)
    return next((say(choice.label.en) for choice in field.choices if choice.value == value), value)


def _cell(value: str | int | None) -> str | int | None:
    """A text that a spreadsheet would run as a formula is led by an apostrophe (OWASP, CSV injection)."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
