"""A value that fits a schema: the one the document gives, else the smallest that its type allows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from loadtests.openapi_document import Document, ElsewhereError, Mapping

_MAX_DEPTH = 6
_MAX_NODES = 100
_MAX_TEXT = 200
_INT64 = 2**63

_BY_FORMAT = {
    "date": "2025-01-31",
    "date-time": "2025-01-31T12:00:00Z",
    "time": "12:00:00Z",
    "duration": "P1D",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "email": "someone@example.org",
    "uri": "https://example.org/",
    "url": "https://example.org/",
    "hostname": "example.org",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "byte": "ZXhhbXBsZQ==",
}


@dataclass(frozen=True)
class Sample:
    """A value of plain JSON kinds; ``invented`` when the document gave none and the type alone shaped it."""

    value: Any
    invented: bool


@dataclass
class _Budget:
    """Nodes still allowed in one sample: schemas that repeat each other would multiply without end."""

    left: int = _MAX_NODES

    def spend(self) -> bool:
        self.left -= 1
        return self.left >= 0


def sample(document: Document, schema: Any, where: str) -> Sample:
    """A value for ``schema``, taken from its example, default, constant or enumeration before its type.

    Recursive schemas end at a bounded depth. A schema in another file gives an invented word.

    Raises:
        OpenApiError: a ``$ref`` inside leads nowhere.
    """
    return _sample(document, schema, where, 0, _Budget())


def given(holder: Mapping) -> Any:
    """The value that ``holder`` (a schema, a parameter, a media type) itself names, None when it names none."""
    for key in ("example", "x-example", "default", "const"):
        value = plain(holder.get(key))
        if value is not None:
            return value
    examples = holder.get("examples")
    if isinstance(examples, dict):  # of a parameter: named objects that hold a value
        examples = [e.get("value") for e in examples.values() if isinstance(e, dict)]
    for several in (examples, holder.get("enum")):
        if isinstance(several, list):
            value = next((v for v in map(plain, several) if v is not None), None)
            if value is not None:
                return value
    return None


def plain(value: Any) -> Any:
    """``value`` in plain JSON kinds without null, NaN, or anything a file of another format could not hold."""
    return _plain(value, 0, _Budget())


def _plain(value: Any, depth: int, budget: _Budget) -> Any:
    if not budget.spend() or depth > _MAX_DEPTH:
        return None
    match value:
        case bool():
            return value
        case str():
            return _encodable(value)
        case int():
            return value if -_INT64 <= value < _INT64 else None
        case float():
            return value if math.isfinite(value) else None
        case date() | time():  # YAML reads dates by itself
            return value.isoformat()
        case list():
            return [p for p in (_plain(v, depth + 1, budget) for v in value) if p is not None]
        case dict():
            parts = {_encodable(str(k)): _plain(v, depth + 1, budget) for k, v in value.items()}
            return {k: v for k, v in parts.items() if v is not None}
        case _:
            return None


def _encodable(text: str) -> str:
    """The start of ``text``; half a surrogate pair, which JSON can spell and no request can carry, becomes "?"."""
    return text[:_MAX_TEXT].encode("utf-8", "replace").decode()


def _sample(document: Document, schema: Any, where: str, depth: int, budget: _Budget) -> Sample:
    try:
        schema, where = document.resolve(schema, where)
    except ElsewhereError:
        return Sample("example", invented=True)
    if not isinstance(schema, dict):  # OpenAPI 3.1: true allows everything
        return Sample("example", invented=True)
    known = given(schema)
    if known is not None:
        return Sample(known, invented=False)
    if not budget.spend() or depth > _MAX_DEPTH:
        return Sample(_by_type({"type": _type_of(schema)}), invented=True)
    for key in ("oneOf", "anyOf"):
        members = schema.get(key)
        if isinstance(members, list) and members:
            chosen = next((m for m in members if not (isinstance(m, dict) and m.get("type") == "null")), members[0])
            return _sample(document, chosen, f"{where}.{key}", depth + 1, budget)
    if isinstance(schema.get("allOf"), list):
        merged = _merged(document, schema, where)
        return _sample(document, merged, where, depth + 1, budget)
    match _type_of(schema):
        case "object":
            return Sample(_object(document, schema, where, depth, budget), invented=True)
        case "array":
            item = _sample(document, schema.get("items", {}), f"{where}.items", depth + 1, budget)
            return Sample([item.value], invented=item.invented)
        case _:
            return Sample(_by_type(schema), invented=True)


def _merged(document: Document, schema: Mapping, where: str) -> Mapping:
    """``schema`` with what its ``allOf`` members add, their own ``allOf`` left for the next round."""
    merged: Mapping = {}
    nested: list[Any] = []
    own = {k: v for k, v in schema.items() if k != "allOf"}
    members = [(m, f"{where}.allOf[{i}]") for i, m in enumerate(schema["allOf"])]
    for member, place in [*members, (own, where)]:
        try:
            part, _ = document.resolve(member, place)
        except ElsewhereError:
            continue
        if not isinstance(part, dict):
            continue
        for key, value in part.items():
            if key == "properties" and isinstance(value, dict):
                merged["properties"] = {**merged.get("properties", {}), **value}
            elif key == "required" and isinstance(value, list):
                merged["required"] = [*merged.get("required", []), *value]
            elif key == "allOf" and isinstance(value, list):
                nested.extend(value)
            elif key not in ("properties", "required", "allOf"):
                merged[key] = value
    return {**merged, "allOf": nested} if nested else merged


def _object(document: Document, schema: Mapping, where: str, depth: int, budget: _Budget) -> Mapping:
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return {}
    required = schema.get("required")
    wanted = [str(n) for n in required] if isinstance(required, list) and required else list(map(str, properties))
    filled: Mapping = {}
    for name, inner in properties.items():
        if str(name) in wanted and budget.left > 0:
            value = _sample(document, inner, f"{where}.properties.{name}", depth + 1, budget).value
            filled[_encodable(str(name))] = value
    return filled


def _type_of(schema: Mapping) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((k for k in kind if k != "null"), None)
    if isinstance(kind, str):
        return {"int": "integer", "float": "number", "bool": "boolean"}.get(kind, kind)  # common slips
    if "properties" in schema:
        return "object"
    return "array" if "items" in schema else "string"


def _by_type(schema: Mapping) -> Any:
    match _type_of(schema):
        case "object":
            return {}
        case "array":
            return []
        case "boolean":
            return True
        case "integer":
            return _number(schema, whole=True)
        case "number":
            return _number(schema, whole=False)
        case _:
            return _word(schema)


def _number(schema: Mapping, *, whole: bool) -> int | float:
    low, above = _bound(schema, "minimum"), _bound(schema, "exclusiveMinimum")
    high, below = _bound(schema, "maximum"), _bound(schema, "exclusiveMaximum")
    if above is None and schema.get("exclusiveMinimum") is True:  # OpenAPI 3.0 and Swagger: a flag beside minimum
        above = low
    if above is not None:
        low = math.floor(above) + 1
    if high is None:
        high = math.ceil(below) - 1 if below is not None else None
    value = 1 if low is None else low
    if low is None and high is not None and high < value:
        value = high
    step = _bound(schema, "multipleOf")
    if step is not None and step > 1e-9:  # a smaller one would overflow, and no service means it
        value = math.ceil(value / step) * step
    value = math.ceil(value) if whole else value
    return value if abs(value) < _INT64 else 1


def _bound(schema: Mapping, key: str) -> int | float | None:
    value = schema.get(key)
    usable = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _INT64
    return value if usable else None


def _word(schema: Mapping) -> str:
    kind = schema.get("format")
    word = _BY_FORMAT.get(kind, "example") if isinstance(kind, str) else "example"
    shortest, longest = _bound(schema, "minLength"), _bound(schema, "maxLength")
    if shortest is not None and len(word) < shortest:
        word = word.ljust(min(int(shortest), _MAX_TEXT), "x")
    return word[: int(longest)] if longest is not None and longest >= 1 else word
