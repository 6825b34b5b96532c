"""What is held about a person as they read it: every value with what it is called, empty ones left to the data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from reference_app.appointments.states import LABELS as ATTENDANCE
from reference_app.dossiers.corrections import LABELS as CORRECTIONS
from reference_app.dossiers.states import LABELS as STATES
from reference_app.errors import N_
from reference_app.groups import GROUPS
from reference_app.notifications.news import LABELS as NEWS
from reference_app.procedure import PROCEDURES
from reference_app.rights.held import Row
from reference_app.rights.holding import Holding
from reference_app.rights.inventory import DOSSIER, OF_DOSSIER
from reference_app.sources.described import FACTS, LABELS

_WORDS: Mapping[str, str] = {
    "you": N_("you"),
    "service": N_("the service"),
    "citizen": N_("a person or a business"),
    "en_attente": N_("waiting to be checked"),
    "saine": N_("checked, nothing was found"),
    "infectee": N_("infected, and deleted"),
    "non_analysee": N_("not checked"),
    "ready": N_("to be sent"),
    "sent": N_("sent"),
    "failed": N_("failed"),
    "done_elsewhere": N_("done elsewhere"),
    "favourable": N_("favourable"),
    "reserved": N_("with reservations"),
    "unfavourable": N_("unfavourable"),
    "waiting": N_("on its way"),
    "refused": N_("the address took no mail"),
    "unaddressed": N_("no address is known"),
    "fr": N_("French"),
    "en": N_("English"),
    **{str(news): label for news, label in NEWS.items()},
    **{str(state): label for state, label in STATES.items()},
    **{str(state): label for state, label in ATTENDANCE.items()},
    **{str(reason): label for reason, label in CORRECTIONS.items()},
}
_IN_WORDS = frozenset(
    {"by", "state", "attendance", "checked", "delivered", "opinion", "reason", "provider", "news", "mailed", "language"}
)
_WITHIN: Mapping[str, str] = {
    "at": N_("On"),
    "by": N_("By"),
    "state": N_("State"),
    "rank": N_("Number"),
    "dossier": N_("Dossier"),
    "content": N_("Digest of the content"),
    "facts": N_("Answer"),
    "key": N_("Asked with"),
    "did": N_("What was done"),
    **{str(source): label for source, label in LABELS.items()},
    **{fact: label for facts in FACTS.values() for fact, label in facts.items()},
}
"""What stands within a value: the operations of the log, and what sources said."""

Kind = Literal["none", "moment", "day", "words", "text", "answers", "parts"]


@dataclass(frozen=True, slots=True)
class Told:
    """One value: what it is called, and how it is shown."""

    label: str
    kind: Kind
    value: Any


@dataclass(frozen=True, slots=True)
class Listed:
    """A heading and what stands under it."""

    title: str
    rows: list[list[Told]]


@dataclass(frozen=True, slots=True)
class ToldDossier:
    """A dossier: what it is called, what it says, and what belongs to it."""

    name: str | None
    procedure: str
    facts: list[Told]
    parts: list[Listed]


def listed(holding: Holding, rows: Iterable[Row]) -> Listed:
    """The rows of ``holding``, each value with its label."""
    return Listed(holding.title, [_told_row(holding.labels, row) for row in rows])


def dossier(row: Row) -> ToldDossier:
    """A dossier and what belongs to it; what there is none of is left out."""
    procedure = PROCEDURES.get(row["procedure"])
    title = None if procedure is None or procedure.filing is None else row["answers"].get(procedure.filing.title)
    labels = {**DOSSIER.labels, "kept_until": N_("Kept until")}
    return ToldDossier(
        name=title,
        procedure=row["procedure"] if procedure is None else procedure.name.en,
        facts=_told_row(labels, row),
        parts=[listed(part, row[part.table]) for part in OF_DOSSIER if row[part.table]],
    )


def _told_row(labels: Mapping[str, str], row: Row) -> list[Told]:
    told = (_told(labels[name], name, row[name], row) for name in labels)
    return [one for one in told if one.kind != "none"]


def _told(label: str, name: str, value: Any, row: Row) -> Told:
    if name == "answers":
        return Told(label, "answers", _answers(row["procedure"], value))
    if name == "procedure" and value in PROCEDURES:
        return Told(label, "words", PROCEDURES[value].name.en)
    if name == "groupe" and value in GROUPS:
        return Told(label, "words", GROUPS[value].label.en)
    if name in _IN_WORDS and value in _WORDS:
        return Told(label, "words", _WORDS[value])
    match value:
        case None:
            return Told(label, "none", None)
        case datetime():
            return Told(label, "moment", value)
        case date():
            return Told(label, "day", value)
        case dict() if not value:
            return Told(label, "none", None)
        case dict():
            return Told(label, "parts", [_told(_WITHIN.get(key, key), key, one, row) for key, one in value.items()])
        case list():
            return Told(label, "text", ", ".join(map(str, value)))
        case _:
            return Told(label, "text", str(value))


def _answers(procedure: str, answers: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """Each answer: its label, its field, its value; the name of the field where the form no longer has it."""
    found = PROCEDURES.get(procedure)
    fields = {} if found is None or found.filing is None else {field.name: field for field in found.filing.fields}
    names = [name for name in fields if name in answers] + [name for name in answers if name not in fields]
    return [(fields[name].label.en if name in fields else name, fields.get(name), answers[name]) for name in names]
