"""What pages show of the sources of a dossier: what may be asked, what was said, and where an answer comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reference_app.dossiers.dossier import Dossier
from reference_app.form import FormField
from reference_app.procedure import Filing
from reference_app.sources.described import FACTS, LABELS, Source
from reference_app.sources.said import Origin, Outcome, Said, current
from reference_app.sources.said import origin as origin_of


@dataclass(frozen=True, slots=True)
class Told:
    """What one source said about the present answers; captions and cautions are sentences to translate."""

    name: str
    outcome: Outcome
    at: datetime
    facts: list[tuple[str, str | int]]
    cautions: list[str]


def told(dossier: Dossier) -> list[Told]:
    """What each source said about what the answers name now, in the order of the procedure."""
    return told_of(dossier.filing, dossier.answers, dossier.known)


def told_of(filing: Filing, answers: Mapping[str, Any], known: Mapping[str, Any]) -> list[Told]:
    """The same, of parts of a dossier."""
    said = ((source, current(source, answers, known)) for source in filing.sources)
    return [_told(source, one) for source, one in said if one is not None]


def origin(dossier: Dossier, field: FormField) -> Origin | None:
    """Where the answer of ``field`` comes from; None when no source has said anything of it."""
    return origin_of(dossier.filing, field, dossier.answers, dossier.known)


def origins(filing: Filing, answers: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Origin]:
    """The fields of which a source has said something, by name."""
    found = ((field.name, origin_of(filing, field, answers, known)) for field in filing.fields)
    return {name: one for name, one in found if one is not None}


def _told(source: Source, said: Said) -> Told:
    return Told(
        name=LABELS[source.name],
        outcome=said.outcome,
        at=said.at,
        facts=[(FACTS[source.name][fact], said.facts[fact]) for fact in source.shows if fact in said.facts],
        cautions=[one.says.en for one in source.warns if said.facts.get(one.fact) in one.one_of],
    )
