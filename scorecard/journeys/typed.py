"""What a journey types about a person, where it turns up, and addresses without it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TypeVar
from urllib.parse import urlsplit

from scorecard.journeys import templates
from scorecard.personal_data import Kind, find, spellings
from scorecard.project_journeys import Step

_GENERATED = {"email": Kind.EMAIL, "name": Kind.NAME, "iban": Kind.IBAN}
_PUBLIC = (Kind.SIREN, Kind.SIRET)
_Kind = TypeVar("_Kind", bound=str)


def typed(step: Step, values: Mapping[str, object]) -> dict[str, Kind]:
    """The personal values that ``step`` types for a person with ``values``, and those the project file itself holds.

    What identifies a firm (SIREN, SIRET) stands in a public register and is left out.
    """
    asked = templates.used(step.model_copy(update={"contains": None}))
    written = json.dumps([part for part in (step.json_, step.form, step.path) if part is not None], ensure_ascii=False)
    return {str(values[name]): _GENERATED[name] for name in asked & set(_GENERATED)} | {
        one.value: one.kind for one in find(written) if one.kind not in _PUBLIC
    }


def held(text: str, values: Mapping[str, _Kind]) -> set[_Kind]:
    """Kinds of the ``values`` that ``text`` holds, in whatever spelling."""
    return {kind for value, kind in values.items() if any(spelling in text for spelling in spellings(value))}


def route(url: str, values: Mapping[str, object], typed_values: Iterable[str] = ()) -> str:
    """The path of ``url`` with what a person carries replaced by its name, so that it can be told."""
    path = urlsplit(url).path
    for name, value in sorted(values.items(), key=lambda item: -len(str(item[1]))):
        for spelling in spellings(str(value)):
            if len(spelling) > 1:
                path = path.replace(spelling, f"{{{name}}}")
    for value in typed_values:
        for spelling in spellings(value):
            path = path.replace(spelling, "{value}")
    return path
