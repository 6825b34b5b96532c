"""Values kept from an answer for later steps: ``$.json.path``, ``regex:(…)``, ``header:Name``."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Any, Protocol

from jsonpath_ng.exceptions import JSONPathError
from jsonpath_ng.parser import parse

from scorecard.journeys import JourneyError


class Headers(Protocol):
    """What is asked of the headers of an answer."""

    def get(self, name: str, /) -> Any:
        """The header's value, None when it is not there."""


class Missing(Exception):  # noqa: N818 (an outcome of looking, not an error of the program)
    """The answer does not hold the value."""


@dataclass
class Answer:
    """What came back, decoded at most once and only when somebody asks."""

    status: int
    headers: Headers
    content: bytes

    @cached_property
    def text(self) -> str:
        """The body as text, in the charset it declares, UTF-8 by default; a wrong byte is replaced."""
        declared = re.search(r"charset=\"?([\w-]+)", str(self.headers.get("content-type")), re.IGNORECASE)
        try:
            return self.content.decode(declared[1] if declared else "utf-8", errors="replace")
        except LookupError:
            return self.content.decode("utf-8", errors="replace")

    @cached_property
    def json(self) -> Any:
        """The body as JSON. Raises Missing when it is none."""
        try:
            return json.loads(self.content)
        except ValueError as error:
            raise Missing("the answer is no JSON") from error


Extractor = Callable[[Answer, Random], Any]


def compile_extractor(expression: str) -> Extractor:
    """The function that takes the value ``expression`` names out of an answer, or raises Missing.

    Of several matches of a JSON path one is drawn at random, so that visitors spread over the items of a list.

    Raises:
        JourneyError: the expression is none of the three kinds, or does not parse.
    """
    if expression.startswith("$"):
        return _json_path(expression)
    kind, _, rest = expression.partition(":")
    match kind:
        case "regex":
            return _regex(rest)
        case "header" if rest:
            return _header(rest)
        case _:
            raise JourneyError(f"extract {expression!r}: expected $.json.path, regex:(…) or header:Name")


def compile_extractors(expressions: Mapping[str, str]) -> dict[str, Extractor]:
    """One extractor a name. Raises JourneyError like :func:`compile_extractor`."""
    return {name: compile_extractor(expression) for name, expression in expressions.items()}


def _json_path(expression: str) -> Extractor:
    try:
        found_by = parse(expression)
    except (JSONPathError, ValueError) as error:
        raise JourneyError(f"extract {expression!r}: not a JSON path ({error})") from error

    def extract(answer: Answer, random: Random) -> Any:
        matches = found_by.find(answer.json)
        if not matches:
            raise Missing(expression)
        return matches[0].value if len(matches) == 1 else random.choice(matches).value

    return extract


def _regex(expression: str) -> Extractor:
    try:
        pattern = re.compile(expression)
    except re.error as error:
        raise JourneyError(f"extract regex {expression!r}: {error}") from error

    def extract(answer: Answer, random: Random) -> Any:
        match = pattern.search(answer.text)
        if match is None:
            raise Missing(expression)
        value = match[1] if pattern.groups else match[0]
        # what stands in a page is escaped for HTML; what is sent back is not
        return html.unescape(value)

    return extract


def _header(name: str) -> Extractor:
    def extract(answer: Answer, random: Random) -> Any:
        value = answer.headers.get(name)
        if value is None:
            raise Missing(name)
        return str(value)

    return extract
