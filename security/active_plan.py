"""What an OpenAPI document offers, as aims: with the values that the journeys were given, by somebody who may."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

from scorecard.journeys.exchange import Reply, Sent
from scorecard.journeys.people import fresh_uuid
from security.operations import Operation

_TYPED = ("siret", "siren", "iban", "email")
_FRESH = re.compile(r"(?i)idempot|uuid|request-?id|nonce")
_BOUNDARY = "portance-active-boundary"


@dataclass(frozen=True)
class Known:
    """What the journeys taught: the paths they asked for, and the values of one who played them."""

    paths: list[str]
    values: Mapping[str, Any]

    def segments(self, operation: Operation) -> dict[str, str]:
        """Values for the parameters of a path: as in a path of the same form that was asked for, else of the same
        collection, else what a journey calls the same."""
        form = re.compile(re.sub(r"\\\{[^{}/]+\\\}", "([^/]+)", re.escape(operation.path)))
        for path in reversed(self.paths):
            if (match := form.fullmatch(path)) is not None:
                return dict(zip(operation.names, map(unquote, match.groups()), strict=True))
        return {name: self._by_collection(operation.path, name) for name in operation.names}

    def _by_collection(self, path: str, name: str) -> str:
        before = path.split(f"/{{{name}}}")[0].rsplit("/", 1)[-1]
        found = [
            unquote(member)
            for known in reversed(self.paths)
            for collection, member in pairwise(known.split("/"))
            if collection == before and member
        ]
        if found:  # an identifier has digits; what has none may be the name of a page
            return next((member for member in found if re.search(r"\d", member)), found[0])
        value = self.values.get(name, self.values.get("id"))
        return "1" if value is None else str(value)


def covers(operation: Operation, asked: Iterable[tuple[str, str]]) -> bool:
    """Whether one of the requests ``asked`` (method and path) is one of ``operation``."""
    form = re.compile(re.sub(r"\\\{[^{}/]+\\\}", "[^/]+", re.escape(operation.path)))
    return any(method == operation.method and form.fullmatch(path) for method, path in asked)


def members(path: str, reply: Reply) -> list[str]:
    """Paths of the members that a list at ``path`` names: one for each identifier or day of its first items."""
    try:
        document = json.loads(reply.body)
    except ValueError:
        return []
    items = document.get("items", []) if isinstance(document, dict) else document
    kept = [item for item in items[:3] if isinstance(item, dict)] if isinstance(items, list) else []
    return [f"{path}/{quote(str(item[key]), safe='')}" for item in kept for key in ("id", "uuid") if key in item]


def request(
    url: str, operation: Operation, known: Known, random: Random, headers: Mapping[str, str], file: bytes = b"%PDF-1.4"
) -> Callable[[], Sent]:
    """What makes a request of ``operation`` anew, by somebody with the credential ``headers``; ``file`` is uploaded."""
    segments = known.segments(operation)
    path = re.sub(r"\{([^{}/]+)\}", lambda match: quote(segments[match[1]], safe=""), operation.path)
    query = urlencode(
        {name: known_or(value, name, known) for name, value in operation.query.items() if value is not None}, doseq=True
    )
    base = urlsplit(url)
    address = f"{base.scheme}://{base.netloc}{path}" + (f"?{query}" if query else "")
    body = known_or(operation.body, "", known)

    def make() -> Sent:
        own = {n: fresh_uuid(random) if _FRESH.search(n) else v for n, v in operation.headers.items()} | dict(headers)
        match operation.media:
            case "":
                content = None
            case "json":
                own["content-type"], content = "application/json", json.dumps(body, ensure_ascii=False).encode()
            case "form":
                fields = {name: value for name, value in body.items() if value is not None}
                own["content-type"], content = "application/x-www-form-urlencoded", urlencode(fields).encode()
            case "multipart":
                own["content-type"] = f"multipart/form-data; boundary={_BOUNDARY}"
                content = _multipart(operation, body, file)
            case "binary":
                own["content-type"], content = "application/octet-stream", file
        return Sent(operation.method, address, own, content)

    return make


def known_or(value: Any, name: str, known: Known) -> Any:
    """``value``, and where its name says so what a person of the journeys would type there."""
    match value:
        case dict():
            return {key: known_or(inner, key, known) for key, inner in value.items()}
        case list():
            return [known_or(inner, name, known) for inner in value]
        case str():
            said = next((typed for typed in _TYPED if typed in name.lower()), name)
            return str(known.values.get(said, value))
        case _:
            return value


def _multipart(operation: Operation, body: Any, file: bytes) -> bytes:
    parts: list[bytes] = []
    for name, value in (body if isinstance(body, dict) else {}).items():
        head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"'
        if name in operation.files:
            head += '; filename="piece.pdf"\r\nContent-Type: application/pdf'
            parts.append(head.encode() + b"\r\n\r\n" + file + b"\r\n")
        elif value is not None:
            parts.append(f"{head}\r\n\r\n{value}\r\n".encode())
    return b"".join(parts) + f"--{_BOUNDARY}--\r\n".encode()
