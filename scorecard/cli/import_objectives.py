"""``portance import-objectives``: an ``slo.yaml`` of Keptn as a file of criteria."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from scorecard.bridges import keptn
from scorecard.bridges.foreign import BridgeError
from scorecard.bridges.keptn import USUAL, Objective, Sli, Slo
from scorecard.cli.errors import CommandError
from scorecard.cli.toml_text import comment, value
from scorecard.evidence import Text, Unit

MOST_AGE_DAYS = 30


def read_objectives(path: Path, given: Sequence[str]) -> Slo:
    """The objectives of the file, with the meanings ``given`` (NAME=EVIDENCE:FACT:UNIT[:FACTOR]) over the usual ones.

    Raises:
        CommandError: the file cannot be read or used, or a meaning is not of this form.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CommandError(
            Text(en=f"{path}: cannot be read ({error.strerror})", fr=f"{path} : illisible ({error.strerror})")
        ) from error
    try:
        return keptn.read(content, {**USUAL, **dict(_meaning(words) for words in given)})
    except BridgeError as error:
        raise CommandError(Text(en=f"{path}: {error.text.en}", fr=f"{path} : {error.text.fr}")) from error


def as_toml(objectives: Sequence[Objective], file_name: str) -> str:
    """The objectives as a file of ``[[criteria]]`` tables; each names ``file_name`` as its source."""
    head = f"# Objectives of {comment(file_name)}, taken over by 'portance import-objectives'.\n"
    return head + "".join(_table(objective, file_name) for objective in objectives)


def _table(objective: Objective, file_name: str) -> str:
    meaning, title = objective.meaning, objective.title
    fields: dict[str, object] = {
        "id": "own." + _slug(objective.sli),
        "domain": "capacity",
        "title.en": f"Objective “{title}” is met",
        "title.fr": f"L’objectif « {title} » est tenu",
        "why.en": f"The team set it in {file_name}.",
        "why.fr": f"L’équipe l’a fixé dans {file_name}.",
        "remedy.en": "Mend what the evidence names, or agree on another objective.",
        "remedy.fr": "Traiter ce que la preuve nomme, ou convenir d’un autre objectif.",
        "source": f"objective {objective.sli} of {file_name} (Keptn)",
        "basis": "measured",
        "evidence": meaning.evidence,
        "fact": meaning.fact,
        "unit": meaning.unit.value,
        "better": objective.better,
        "pass": objective.passes,
        "max_age_days": MOST_AGE_DAYS,
        "weight": objective.weight,
        "blocking": objective.key,
        "effort": "days",
    }
    if objective.warns is not None:
        fields["warn"] = objective.warns
    if objective.exclusive:
        fields["exclusive"] = True
    return "\n[[criteria]]\n" + "".join(f"{name} = {value(field)}\n" for name, field in fields.items())


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "objective"


def _meaning(words: str) -> tuple[str, Sli]:
    name, _, rest = words.partition("=")
    parts = rest.split(":")
    try:
        times = float(parts[3]) if len(parts) == 4 else 1.0
        if not name or len(parts) not in (3, 4) or not 0 < times < float("inf"):
            raise ValueError(words)
        return name, Sli(parts[0], parts[1], Unit(parts[2]), times)
    except ValueError as error:
        units = ", ".join(unit.value for unit in Unit)
        raise CommandError(
            Text(
                en=f"--sli {words}: expected NAME=EVIDENCE:FACT:UNIT or :FACTOR after it; units: {units}",
                fr=f"--sli {words} : attendu NOM=PREUVE:FAIT:UNITÉ, ou :FACTEUR ensuite ; unités : {units}",
            )
        ) from error
