"""Places of a request where a value can be put: query, path, form, JSON; and the request with another value there."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from scorecard.journeys.exchange import Sent

Where = Literal["query", "path", "form", "json"]
LEAVES = 60
"""Fields of one JSON body that are tried; a longer one is a list of the same."""


@dataclass(frozen=True)
class Point:
    """One place: ``key`` is the name in a query or form, the number of a segment, or the way into a JSON value."""

    where: Where
    key: tuple[str | int, ...]
    value: str

    @property
    def name(self) -> str:
        """What a person calls it."""
        match self.where:
            case "path":
                return f"segment {self.key[0]} of the path"
            case "query" | "form":
                return str(self.key[0])
            case "json":
                return "/".join(map(str, self.key))


def points(sent: Sent, varying: Collection[str]) -> list[Point]:
    """The places of ``sent``; of the path, the segments that are one of ``varying``."""
    parts = urlsplit(sent.url)
    segments = [unquote(segment) for segment in parts.path.split("/")]
    found = [Point("path", (at,), one) for at, one in enumerate(segments) if one and one in varying]
    found += [Point("query", (name,), value) for name, value in parse_qsl(parts.query, keep_blank_values=True)]
    if sent.body is None:
        return found
    kind = sent.headers.get("Content-Type", sent.headers.get("content-type", ""))
    if "json" in kind:
        leaves = list(_leaves(json.loads(sent.body), ()))[:LEAVES]
        found += [Point("json", way, value) for way, value in leaves if way]
    elif "urlencoded" in kind:
        pairs = parse_qsl(sent.body.decode(), keep_blank_values=True)
        found += [Point("form", (name,), value) for name, value in pairs]
    return found


def put(sent: Sent, point: Point, value: str) -> Sent:
    """``sent`` with ``value`` at ``point``."""
    parts = urlsplit(sent.url)
    match point.where:
        case "path":
            segments = parts.path.split("/")
            segments[int(point.key[0])] = quote(value, safe="")
            return replace(sent, url=urlunsplit(parts._replace(path="/".join(segments))))
        case "query":
            pairs = parse_qsl(parts.query, keep_blank_values=True)
            return replace(sent, url=urlunsplit(parts._replace(query=urlencode(_changed(pairs, point, value)))))
        case "form":
            pairs = parse_qsl((sent.body or b"").decode(), keep_blank_values=True)
            return replace(sent, body=urlencode(_changed(pairs, point, value)).encode())
        case "json":
            return replace(sent, body=json.dumps(_set(json.loads(sent.body or b"null"), point.key, value)).encode())


def with_query(sent: Sent, more: dict[str, str]) -> Sent:
    """``sent`` with ``more`` parameters in its query."""
    parts = urlsplit(sent.url)
    query = "&".join(filter(None, (parts.query, urlencode(more))))
    return replace(sent, url=urlunsplit(parts._replace(query=query)))


def _leaves(node: Any, way: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    match node:
        case dict():
            for key, inner in node.items():
                yield from _leaves(inner, (*way, key))
        case list():
            for at, inner in enumerate(node):
                yield from _leaves(inner, (*way, at))
        case bool() | None:
            return
        case _:
            yield way, str(node)


def _set(node: Any, way: tuple[str | int, ...], value: str) -> Any:
    if not way:
        return value
    match node:
        case dict():
            return {key: _set(inner, way[1:], value) if key == way[0] else inner for key, inner in node.items()}
        case list():
            return [_set(inner, way[1:], value) if at == way[0] else inner for at, inner in enumerate(node)]
        case _:
            return node


def _changed(pairs: list[tuple[str, str]], point: Point, value: str) -> list[tuple[str, str]]:
    return [(name, value if name == point.key[0] else kept) for name, kept in pairs]
