"""Placeholders ``{name}`` in what a step sends."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from scorecard.journeys import JourneyError
from scorecard.journeys.people import GENERATED
from scorecard.project_journeys import Journey, Step

_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


def text(template: str, values: Mapping[str, Any]) -> str:
    """``template`` with its placeholders filled in."""
    if "{" not in template:
        return template
    return _PLACEHOLDER.sub(lambda match: str(values[match[1]]), template)


def path(template: str, values: Mapping[str, Any]) -> str:
    """A path or URL with its placeholders filled in, percent-encoded unless one stands at the very start.

    A placeholder at the start holds a whole address (an extracted link, the identity provider's URL): it is kept as
    it is.
    """
    if "{" not in template:
        return template

    def filled(match: re.Match[str]) -> str:
        value = str(values[match[1]])
        return value if match.start() == 0 else quote(value, safe="")

    return _PLACEHOLDER.sub(filled, template)


def json_body(node: Any, values: Mapping[str, Any]) -> Any:
    """A JSON value with the placeholders in its strings filled in, however deep.

    A string that is one placeholder and nothing else takes the value with its type, so that ``"{n}"`` is sent as a
    number.
    """
    match node:
        case str():
            whole = _PLACEHOLDER.fullmatch(node)
            return values[whole[1]] if whole else text(node, values)
        case dict():
            return {key: json_body(value, values) for key, value in node.items()}
        case list():
            return [json_body(value, values) for value in node]
        case _:
            return node


def check(journey: Journey) -> None:
    """Refuse a journey that uses a value nobody gives.

    Raises:
        JourneyError: names the journey, the step and the placeholder.
    """
    known = set(GENERATED)
    for number, step in enumerate(journey.steps, start=1):
        unknown = sorted(used(step) - known)
        if unknown:
            raise JourneyError(
                f"journey {journey.name}, step {number} ({step.label}): {{{unknown[0]}}} is neither generated "
                f"({', '.join(sorted(GENERATED))}) nor extracted by an earlier step"
            )
        known |= set(step.extract)


def used(step: Step) -> set[str]:
    """Names of the placeholders a step uses."""
    files = [text for upload in step.files.values() for text in (upload.name, upload.text)]
    sent = [step.path, step.json_, step.form, files, step.headers, step.contains]
    return {match for part in _strings(sent) for match in part}


def _strings(node: Any) -> list[list[str]]:
    match node:
        case str():
            return [_PLACEHOLDER.findall(node)]
        case dict():
            return [found for value in node.values() for found in _strings(value)]
        case list() | tuple():
            return [found for value in node for found in _strings(value)]
        case _:
            return []
