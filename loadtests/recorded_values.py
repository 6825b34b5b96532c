"""Values of a recording: those that came back in an answer and were sent again, and those that belong to a person."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from scorecard.journeys.people import luhn_completed
from scorecard.project_journeys import Step

SHORTEST = 6
"""A shorter value is found again by chance."""

_TOKEN = re.compile(rf"[A-Za-z0-9_\-.~]{{{SHORTEST},}}")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.IGNORECASE)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[a-z]{2,}", re.IGNORECASE)
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{10,30}")
_HIDDEN = re.compile(r"<input\b[^>]*>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"\b(name|value)\s*=\s*[\"']([^\"']*)[\"']", re.IGNORECASE)
_META = re.compile(r"<meta\b[^>]*name=[\"']([\w-]*csrf[\w-]*)[\"'][^>]*content=[\"']([^\"']+)[\"']", re.IGNORECASE)
_ACTION = re.compile(r"\baction=[\"']([^\"']+)[\"']", re.IGNORECASE)
_HREF = re.compile(r"\bhref=[\"'](/[^\"'#]+)[\"']", re.IGNORECASE)


@dataclass(frozen=True)
class _Source:
    """Where a value can be read again: in the answer to a step, by an expression."""

    step: int
    expression: str
    name: str


@dataclass
class Correlation:
    """What earlier answers held, and which of it was sent again."""

    sources: dict[str, _Source] = field(default_factory=dict)
    used: set[_Source] = field(default_factory=set)

    def answered(self, step: int, body: str, kind: str) -> None:
        """Remember the values in the answer to ``step``; one that an earlier answer held keeps that place."""
        for value, expression, name in _values(body, kind):
            if value not in self.sources and len(value) >= SHORTEST:
                self.sources[value] = _Source(step, expression, self._free(name))

    def put_in(self, text: str, step: int) -> str:
        """``text`` with every value that an earlier answer held as a placeholder."""

        def filled(match: re.Match[str]) -> str:
            source = self.sources.get(match[0])
            if source is None or source.step >= step:
                return match[0]
            self.used.add(source)
            return f"{{{source.name}}}"

        whole = self.sources.get(text)
        if whole is not None and whole.step < step:
            self.used.add(whole)
            return f"{{{whole.name}}}"
        return _TOKEN.sub(filled, text)

    def with_extractions(self, steps: Sequence[Step]) -> list[Step]:
        """The steps with what later ones use taken out of their answers."""
        wanted: dict[int, dict[str, str]] = {}
        for source in sorted(self.used, key=lambda source: source.name):
            wanted.setdefault(source.step, {})[source.name] = source.expression
        return [
            step if number not in wanted else step.model_copy(update={"extract": wanted[number]})
            for number, step in enumerate(steps)
        ]

    def _free(self, name: str) -> str:
        plain = re.sub(r"\W+", "_", name).strip("_").lower() or "value"
        plain = plain if plain[0].isalpha() else f"v_{plain}"
        taken = {source.name for source in self.sources.values()}
        return next(n for n in (plain, *(f"{plain}_{k}" for k in range(2, len(taken) + 3))) if n not in taken)


def made_up(value: str) -> str:
    """The placeholder of a generated value of the same kind, ``value`` itself where it is of none."""
    if _UUID.fullmatch(value):
        return "{uuid}"
    if _EMAIL.fullmatch(value):
        return "{email}"
    if value.isdigit() and len(value) == 14 and luhn_completed(value[:-1]) == value:
        return "{siret}"
    if value.isdigit() and len(value) == 9 and luhn_completed(value[:-1]) == value:
        return "{siren}"
    compact = value.replace(" ", "")
    if _IBAN.fullmatch(compact) and int("".join(str(int(c, 36)) for c in compact[4:] + compact[:4])) % 97 == 1:
        return "{iban}"
    return value


def _values(body: str, kind: str) -> Iterator[tuple[str, str, str]]:
    """Each value of an answer with the expression that finds it again, and a name for it."""
    if "json" in kind:
        try:
            yield from _in_json(json.loads(body), "$", "value")
        except (ValueError, RecursionError):
            return
    elif "html" in kind:
        yield from _in_html(body)


def _in_json(node: Any, path: str, name: str) -> Iterator[tuple[str, str, str]]:
    match node:
        case dict():
            for key, value in node.items():
                plain = re.fullmatch(r"[A-Za-z_]\w*", key)
                yield from _in_json(value, f"{path}.{key}" if plain else f"{path}['{key}']", key)
        case list():
            for index, value in enumerate(node[:20]):
                yield from _in_json(value, f"{path}[{index}]", name)
        case str():
            yield node, path, name
        case int() if not isinstance(node, bool):
            yield str(node), path, name
        case _:
            return


def _in_html(body: str) -> Iterator[tuple[str, str, str]]:
    for tag in _HIDDEN.finditer(body):
        found = {key.lower(): value for key, value in _ATTRIBUTE.findall(tag[0])}
        if "name" in found and "value" in found:
            name = found["name"]
            # the attributes may stand in either order; what lies between them stays within the tag
            first = tag[0].lower().index("name=") < tag[0].lower().index("value=")
            quoted = re.escape(name)
            pattern = (
                rf"name=[\"']{quoted}[\"'][^>]*value=[\"']([^\"']*)"
                if first
                else rf"value=[\"']([^\"']*)[\"'][^>]*name=[\"']{quoted}[\"']"
            )
            yield html.unescape(found["value"]), f"regex:{pattern}", name
    for meta in _META.finditer(body):
        yield html.unescape(meta[2]), f"regex:name=[\"']{re.escape(meta[1])}[\"'][^>]*content=[\"']([^\"']+)", meta[1]
    actions = list(dict.fromkeys(_ACTION.findall(body)))
    for action in actions:
        if action.startswith(("http://", "https://")):
            path = urlsplit(html.unescape(action)).path
            yield html.unescape(action), f"regex:action=[\"']([^\"']*{re.escape(path)}[^\"']*)", "action"
    for address in dict.fromkeys([*actions, *_HREF.findall(body)]):
        yield from _in_path(urlsplit(html.unescape(address)).path)


def _in_path(path: str) -> Iterator[tuple[str, str, str]]:
    """Each identifier in a path of the page, found again by what stands before and after it."""
    segments = path.split("/")
    for place, segment in enumerate(segments):
        if len(segment) >= SHORTEST and re.fullmatch(r"[\w.~-]*\d[\w.~-]*", segment):
            before, after = ("/".join(part) for part in (segments[:place], segments[place + 1 :]))
            known = "/" + re.escape(after) if after else ""
            pattern = rf"(?:action|href)=[\"'][^\"']*{re.escape(before)}/([\w.~-]{{{SHORTEST},}}){known}[\"'?]"
            yield segment, f"regex:{pattern}", segments[place - 1] if place else "id"
