"""Generic journeys through a service that is known by its OpenAPI document only: reading, without credentials."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import quote, urlencode

from loadtests.openapi import Operation
from scorecard.evidence import Text
from scorecard.project_journeys import Journey, Step

MAX_STEPS = 8
"""Longest generic journey: nobody reads thirty pages in a row, and a short one keeps sessions realistic."""

_PLAIN_HEADER = re.compile(r"[\x21-\x7a|~]([\x20-\x7a|~]*[\x21-\x7a|~])?")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def left_out(operation: Operation) -> Text | None:
    """Why ``operation`` does not belong in a generic journey, as far as its description tells; None if it may."""
    if operation.unreadable:
        return Text(
            en="its description leads to another file, which is not read",
            fr="sa description renvoie à un autre fichier, qui n’est pas lu",
        )
    if operation.method != "GET":
        return Text(en="it writes", fr="elle écrit")
    if operation.needs_credentials:
        return Text(en="documented as needing credentials", fr="documentée comme demandant une authentification")
    if operation.deprecated:
        return Text(en="documented as deprecated", fr="documentée comme obsolète")
    if any(not (_TOKEN.fullmatch(n) and _PLAIN_HEADER.fullmatch(v)) for n, v in request_headers(operation)):
        return Text(en="a header it needs cannot be filled in", fr="un en-tête nécessaire ne peut pas être rempli")
    return None


def candidates(operations: Iterable[Operation]) -> list[Operation]:
    """The operations worth a try, those that rest on fewest invented values first, else in the given order."""
    worth = [o for o in operations if left_out(o) is None]
    return sorted(worth, key=lambda o: sum(p.invented for p in o.parameters))


def journeys(operations: Iterable[Operation], base_path: str = "") -> list[Journey]:
    """One journey a tag (else a first part of the path), of equal weights, at most :data:`MAX_STEPS` steps each.

    Args:
        operations: those to include; :func:`candidates` tells which may be.
        base_path: path of the target's address, which steps are relative to.
    """
    groups: dict[str, list[Operation]] = {}
    for operation in operations:
        groups.setdefault(_group(operation), []).append(operation)
    found: list[Journey] = []
    for group, members in groups.items():
        length = math.ceil(len(members) / math.ceil(len(members) / MAX_STEPS))  # nine make five and four
        for start in range(0, len(members), length):
            name = _unused(group, {j.name for j in found})
            steps = tuple(step(o, base_path) for o in members[start : start + length])
            found.append(Journey(name=name, steps=steps))
    return found


def step(operation: Operation, base_path: str = "") -> Step:
    """The request that ``operation`` describes, its required parameters filled in, expecting its success."""
    content: dict[str, object] = {operation.method.lower(): request_path(operation, base_path)}
    if operation.body is not None and operation.body.kind != "other":
        content[operation.body.kind] = operation.body.value
    headers = dict(request_headers(operation))
    if headers:
        content["headers"] = headers
    return Step.model_validate({**content, "expect": operation.success})


def request_path(operation: Operation, base_path: str = "") -> str:
    """Path and query with every required value in its place, percent-encoded: no brace, quote or space is left."""
    path = operation.path
    if base_path and (path + "/").startswith(base_path.rstrip("/") + "/"):
        path = path[len(base_path.rstrip("/")) :] or "/"
    values = {p.name: p.value for p in operation.parameters if p.place == "path"}
    parts = re.split(r"(\{[^{}]+\})", path)
    filled = "".join(_part(part, values) for part in parts)
    query = urlencode(
        [(p.name, p.value) for p in operation.parameters if p.place == "query"], quote_via=quote, errors="replace"
    )
    return f"{filled}?{query}" if query else filled


def request_headers(operation: Operation) -> list[tuple[str, str]]:
    """Name and value of every required header."""
    return [(p.name, p.value) for p in operation.parameters if p.place == "header"]


def _part(part: str, values: dict[str, str]) -> str:
    name = part[1:-1]
    if part.startswith("{") and name in values:
        return quote(values[name], safe="", errors="replace")
    return quote(part, safe="/:@!$&'()*+,;=~-._", errors="replace")


def _group(operation: Operation) -> str:
    return _slug(operation.tags[0]) if operation.tags else _slug(operation.path.strip("/").split("/")[0])


def _slug(words: str) -> str:
    """``words`` as the name of a journey; in a script without Latin letters nothing is left, hence the fallback."""
    ascii_words = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_words).strip("-")[:40].strip("-") or "read"


def _unused(name: str, taken: set[str]) -> str:
    if name not in taken:
        return name
    return next(f"{name}-{n}" for n in range(2, len(taken) + 3) if f"{name}-{n}" not in taken)
