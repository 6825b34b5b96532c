"""Groups of agents (groupes instructeurs): which there are, who is in them without being named, which gets a dossier.

A procedure that names no groups has one, open: every agent of the organisation is in it, without a row that says so.
In a group that a procedure names are those whom its supervisor put there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reference_app.procedure import FILED, Filing, Procedure, filing_of
from reference_app.written import Sentence


@dataclass(frozen=True, slots=True)
class GroupOfAgents:
    """One group; ``label`` is what its agents know it by."""

    id: str
    procedure: str
    label: Sentence
    open: bool


def groups_of(procedure: Procedure) -> tuple[GroupOfAgents, ...]:
    """The groups of ``procedure``, one at least."""
    named = filing_of(procedure).groups
    if not named:
        return (GroupOfAgents(procedure.id, procedure.id, procedure.name, open=True),)
    return tuple(GroupOfAgents(_id(procedure.id, g.name), procedure.id, g.label, open=False) for g in named)


def group_for(procedure: str, filing: Filing, answers: Mapping[str, Any]) -> str:
    """The group that gets a dossier of ``procedure`` with these answers: the first whose rule they meet."""
    for group in filing.groups:
        rule = group.when
        if rule is None or (rule.field in answers and rule.met(answers[rule.field])):
            return _id(procedure, group.name)
    return procedure


def found_by(filing: Filing) -> dict[str, str | None]:
    """Columns of a dossier that say in which answers it is found: its title, and the first of its kind each."""
    first = {field.kind: field.name for field in reversed(filing.fields)}
    return {"title_in": filing.title, "siret_in": first.get("siret"), "email_in": first.get("email")}


def _id(procedure: str, name: str) -> str:
    return f"{procedure}/{name}"


GROUPS: Mapping[str, GroupOfAgents] = {g.id: g for procedure in FILED.values() for g in groups_of(procedure)}
"""By identifier."""
