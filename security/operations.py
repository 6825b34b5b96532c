"""What an OpenAPI document offers, as requests that can be made: each operation with sample values.

The document comes from the service under test: it may be of any size, wrong, or refer to itself. What cannot be read
is left out and counted, never an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

OPERATIONS = 200
DEPTH = 8
"""Levels of a schema that are filled in; below, and where a schema holds itself, nothing is."""

Media = Literal["", "json", "form", "multipart", "binary"]
_METHODS = ("get", "post", "put", "patch", "delete")
_MEDIA: Mapping[str, Media] = {
    "application/json": "json",
    "application/x-www-form-urlencoded": "form",
    "multipart/form-data": "multipart",
    "application/octet-stream": "binary",
}
_BY_FORMAT = {
    "uuid": "00000000-0000-4000-8000-000000000000",
    "date": "2026-12-01",
    "date-time": "2026-12-01T09:00:00Z",
    "time": "09:00:00",
    "email": "usager@example.org",
    "uri": "https://example.org/",
}


@dataclass(frozen=True)
class Operation:
    """One operation; sample values by name. ``files`` are the fields of a form that take a file."""

    method: str
    path: str
    query: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    media: Media = ""
    body: Any = None
    files: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters in the path, in their order."""
        return tuple(re.findall(r"\{([^{}/]+)\}", self.path))

    @property
    def route(self) -> str:
        """Method and path as the document writes them."""
        return f"{self.method} {self.path}"


def operations(document: Any) -> tuple[list[Operation], int]:
    """The operations of ``document``, :data:`OPERATIONS` at most, and how many were left out."""
    found: list[Operation] = []
    left_out = 0
    for path, method, item, operation in _written(document):
        if len(found) >= OPERATIONS:
            left_out += 1
            continue
        try:
            found.append(_operation(document, path, method, item, operation))
        except (AttributeError, KeyError, TypeError, ValueError, IndexError):
            left_out += 1
    return found, left_out


def _written(document: Any) -> Iterator[tuple[str, str, Any, Any]]:
    paths = document.get("paths") if isinstance(document, dict) else None
    for path, item in (paths if isinstance(paths, dict) else {}).items():
        if isinstance(item, dict) and str(path).startswith("/"):
            for method in _METHODS:
                if method in item:
                    yield _prefix(document) + str(path), method, item, item[method]


def _prefix(document: Any) -> str:
    servers = document.get("servers")
    first = servers[0] if isinstance(servers, list) and servers else None
    url = first.get("url", "") if isinstance(first, dict) else document.get("basePath", "")
    return urlsplit(str(url)).path.rstrip("/")


def _operation(document: Any, path: str, method: str, item: Any, operation: Any) -> Operation:
    query: dict[str, Any] = {}
    headers: dict[str, str] = {}
    for written in [*item.get("parameters", []), *operation.get("parameters", [])]:
        parameter = _resolved(document, written)
        schema = parameter.get("schema", parameter)
        example = parameter.get("example")
        value = sample(document, schema, parameter["name"]) if example is None else example
        match parameter["in"]:
            case "query":
                query[parameter["name"]] = value
            case "header" if parameter.get("required"):
                headers[parameter["name"]] = str(value)
    media, body, files = _body(document, operation)
    return Operation(method.upper(), path, query, headers, media, body, files)


def _body(document: Any, operation: Any) -> tuple[Media, Any, tuple[str, ...]]:
    content = _resolved(document, operation.get("requestBody", {})).get("content", {})
    for written, described in content.items():
        media = _MEDIA.get(written.partition(";")[0].strip().lower())
        if media is None:
            continue
        schema = _resolved(document, described.get("schema", {}))
        if media == "binary":
            return media, None, ("body",)
        body = described["example"] if "example" in described else sample(document, schema, "body")
        files = _files(document, schema) if media == "multipart" else ()
        return media, body, files
    return "", None, ()


def _files(document: Any, schema: Any) -> tuple[str, ...]:
    return tuple(name for name, one in schema.get("properties", {}).items() if _takes_file(_resolved(document, one)))


def _takes_file(schema: Any) -> bool:
    # OpenAPI 3.1 says contentMediaType, 3.0 says format; several files are a list of them
    items = schema.get("items")
    if isinstance(items, dict):
        return _takes_file(items)
    return schema.get("format") == "binary" or "contentMediaType" in schema


def sample(document: Any, schema: Any, name: str, depth: int = 0) -> Any:
    """A value that fits ``schema``: its example or default, else one made for its type; None where there is none."""
    schema = _resolved(document, schema)
    if not isinstance(schema, dict) or depth > DEPTH:
        return None
    for key in ("example", "const", "default"):
        if schema.get(key) is not None:
            return schema[key]
    for key in ("examples", "enum"):
        if isinstance(schema.get(key), list) and schema[key]:
            return schema[key][0]
    for key in ("anyOf", "oneOf", "allOf"):
        if isinstance(schema.get(key), list):
            return _combined(document, schema[key], key, name, depth)
    return _made(document, schema, name, depth)


def _combined(document: Any, parts: list[Any], how: str, name: str, depth: int) -> Any:
    values = [sample(document, part, name, depth + 1) for part in parts]
    if how == "allOf" and all(isinstance(value, dict) for value in values):
        return {key: inner for value in values for key, inner in value.items()}
    return next((value for value in values if value is not None), None)


def _made(document: Any, schema: dict[str, Any], name: str, depth: int) -> Any:
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "null")
    match kind:
        case "object":
            properties = schema.get("properties", {})
            return {key: sample(document, one, key, depth + 1) for key, one in properties.items()}
        case "array":
            item = sample(document, schema.get("items", {}), name, depth + 1)
            return [] if item is None else [item]
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
        case "null":
            return None
        case _:
            text = _BY_FORMAT.get(schema.get("format", ""), name[:20])
            return text.ljust(min(int(schema.get("minLength", 0)), 500), "x")


def _resolved(document: Any, schema: Any) -> Any:
    """``schema`` or what it refers to in the same document; references in a circle end in nothing."""
    for _ in range(DEPTH):
        if not isinstance(schema, dict) or not isinstance(schema.get("$ref"), str):
            return schema
        target: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        schema = target
    return {}
