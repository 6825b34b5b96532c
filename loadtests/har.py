"""A recording of a browser (HAR 1.2) as a journey: what one person did, ready to be done by many."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

from loadtests.errors import LoadTestError
from loadtests.recorded_values import Correlation, made_up
from scorecard.evidence import Text
from scorecard.project_journeys import Journey, Step

MOST_BYTES = 256 * 1024 * 1024
LEAST_THINK_S = 0.5
"""A pause below it is the browser's, not the person's."""

_STATIC = re.compile(r"\.(css|js|mjs|map|png|jpe?g|gif|svg|ico|webp|avif|woff2?|ttf|eot|mp4|webm)$", re.IGNORECASE)
_STATIC_TYPES = ("image/", "font/", "video/", "audio/", "text/css", "application/javascript", "text/javascript")
_KEPT_HEADERS = frozenset(
    {"accept-language", "idempotency-key", "x-csrf-token", "x-csrftoken", "x-xsrf-token", "x-requested-with"}
)
_SECRET_FIELD = re.compile(r"passw|mot.?de.?passe|secret|otp|pin\b", re.IGNORECASE)


class HarError(LoadTestError):
    """A recording cannot be used; the message is one line."""


@dataclass(frozen=True)
class Recorded:
    """A journey with the origin it was recorded on, and what a person must look at before it is played."""

    origin: str
    journey: Journey
    notes: tuple[Text, ...]


@dataclass(frozen=True)
class _Entry:
    method: str
    url: str
    began: datetime
    ended_s: float
    status: int
    request_headers: Mapping[str, str]
    post: Mapping[str, Any]
    body: str
    kind: str
    redirect: str
    last_url: str = ""


@dataclass
class _Draft:
    correlation: Correlation
    steps: list[Step] = field(default_factory=list)
    notes: list[Text] = field(default_factory=list)


def journey_of(content: bytes, *, origin: str | None = None, name: str = "recorded") -> Recorded:
    """The journey of a recording: pages and calls of one origin, values that came back put in where they were used.

    Left out: pictures, styles and scripts; other origins, but for an address that an answer gave (the form of an
    identity provider); what the browser asked for by itself after a redirect (the player follows redirects too);
    cookies (the player keeps its own). Values that belong to a person (e-mail, SIRET, IBAN, UUID) become generated
    ones; passwords are never written.

    Args:
        content: the file.
        origin: scheme, host and port to keep; where the recording begins when it is None.
        name: name of the journey.

    Raises:
        HarError: not a HAR file, or nothing of that origin in it.
    """
    entries = _entries(content)
    chosen = _origin(entries) if origin is None else origin.rstrip("/")
    draft = _Draft(Correlation())
    before: _Entry | None = None
    for entry in _followed([e for e in entries if _is_page_or_call(e)]):
        address = _address(entry, chosen, draft)
        if address is not None:
            draft.steps.append(_step(entry, address, before, draft))
            before = entry
    if not draft.steps:
        raise HarError(f"no request to {chosen} that is a page or a call")
    steps = draft.correlation.with_extractions(draft.steps)
    return Recorded(chosen, Journey(name=name, steps=tuple(steps)), tuple(draft.notes))


def _entries(content: bytes) -> list[_Entry]:
    if len(content) > MOST_BYTES:
        raise HarError(f"larger than {MOST_BYTES // 1024 // 1024} MiB")
    try:
        listed = json.loads(content.decode("utf-8-sig"))["log"]["entries"]
        return sorted((_entry(item) for item in listed), key=lambda entry: entry.began)
    except (UnicodeDecodeError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise HarError(f"not a HAR file: {type(error).__name__} {str(error)[:100]}") from error


def _entry(item: Mapping[str, Any]) -> _Entry:
    request, response = item["request"], item["response"]
    body = response.get("content", {})
    return _Entry(
        method=str(request["method"]).upper(),
        url=str(request["url"]),
        began=datetime.fromisoformat(item["startedDateTime"]),
        ended_s=max(0.0, float(item.get("time", 0))) / 1000,
        status=int(response["status"]),
        request_headers={str(h["name"]).lower(): str(h["value"]) for h in request.get("headers", [])},
        post=request.get("postData") or {},
        body="" if body.get("encoding") == "base64" else str(body.get("text", "")),
        kind=str(body.get("mimeType", "")).lower(),
        redirect=str(response.get("redirectURL", "")),
    )


def _origin(entries: Sequence[_Entry]) -> str:
    first = next((entry for entry in entries if entry.url.startswith(("http://", "https://"))), None)
    if first is None:
        raise HarError("no request over HTTP in it")
    return _origin_of(first.url)


def _origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _is_page_or_call(entry: _Entry) -> bool:
    known = entry.method in ("GET", "POST", "PUT", "PATCH", "DELETE")
    static = entry.kind.startswith(_STATIC_TYPES) or _STATIC.search(urlsplit(entry.url).path)
    return known and not static and entry.status > 0


def _followed(entries: Sequence[_Entry]) -> list[_Entry]:
    """The entries without those that the one before sent the browser to; the first one keeps the last one's answer."""
    kept: list[_Entry] = []
    for entry in entries:
        before = kept[-1] if kept else None
        if before is None or entry.method != "GET" or not _leads_to(before, entry):
            kept.append(entry)
            continue
        kept[-1] = replace(
            before,
            status=entry.status,
            body=entry.body,
            kind=entry.kind,
            redirect=entry.redirect,
            last_url=entry.url,
            ended_s=(entry.began - before.began).total_seconds() + entry.ended_s,
        )
    return kept


def _leads_to(before: _Entry, entry: _Entry) -> bool:
    return bool(before.redirect) and urljoin(before.last_url or before.url, before.redirect) == entry.url


def _address(entry: _Entry, origin: str, draft: _Draft) -> str | None:
    """Path of a request to ``origin``; the placeholder of an address that an earlier answer gave; None for others."""
    number = len(draft.steps)
    if _origin_of(entry.url) == origin:
        return draft.correlation.put_in(_target_of(entry.url), number)
    filled = draft.correlation.put_in(entry.url, number)
    return filled if re.fullmatch(r"\{\w+\}", filled) else None


def _target_of(url: str) -> str:
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _step(entry: _Entry, address: str, before: _Entry | None, draft: _Draft) -> Step:
    put_in, number = draft.correlation.put_in, len(draft.steps)
    fields: dict[str, Any] = {entry.method.lower(): address, "expect": entry.status}
    headers = {
        name.title(): _known_or_made_up(value, number, draft)
        for name, value in entry.request_headers.items()
        if name in _KEPT_HEADERS and name != "accept-language"
    }
    authorization = entry.request_headers.get("authorization", "")
    if authorization:
        scheme, _, value = authorization.partition(" ")
        filled = put_in(value, number)
        if filled != value:
            headers["Authorization"] = f"{scheme} {filled}"
        else:
            draft.notes.append(
                Text(
                    en=f"step {number + 1}: it sent credentials that no earlier answer gave; they were left out",
                    fr=f"étape {number + 1} : ses droits d’accès ne viennent d’aucune réponse ; ils ont été retirés",
                )
            )
    if headers:
        fields["headers"] = headers
    fields |= _body(entry, number, draft)
    if before is not None:
        pause = (entry.began - before.began).total_seconds() - before.ended_s
        if pause >= LEAST_THINK_S:
            fields["think"] = f"{round(pause, 1):g} s"
    draft.correlation.answered(number, entry.body, entry.kind)
    return Step.model_validate(fields)


def _body(entry: _Entry, number: int, draft: _Draft) -> dict[str, Any]:
    kind, text = str(entry.post.get("mimeType", "")).lower(), str(entry.post.get("text", ""))
    if not entry.post:
        return {}
    if kind.startswith("application/json"):
        try:
            return {"json": _filled(json.loads(text), number, draft)}
        except ValueError:
            pass
    if kind.startswith("application/x-www-form-urlencoded"):
        listed = entry.post.get("params") or [
            {"name": n, "value": v} for n, v in parse_qsl(text, keep_blank_values=True)
        ]
        form = {str(p["name"]): _field(str(p["name"]), str(p.get("value", "")), number, draft) for p in listed}
        return {"form": form}
    draft.notes.append(
        Text(
            en=f"step {number + 1}: a body of type {kind or 'unknown'} cannot be sent by a journey; it was left out",
            fr=f"étape {number + 1} : un parcours n’envoie pas de corps de type {kind or 'inconnu'} ; retiré",
        )
    )
    return {}


def _filled(node: Any, number: int, draft: _Draft, name: str = "") -> Any:
    match node:
        case dict():
            return {key: _filled(value, number, draft, key) for key, value in node.items()}
        case list():
            return [_filled(value, number, draft, name) for value in node]
        case str():
            return _field(name, node, number, draft)
        case _:
            return node


def _field(name: str, value: str, number: int, draft: _Draft) -> str:
    if _SECRET_FIELD.search(name) and value:
        draft.notes.append(
            Text(
                en=f"step {number + 1}: the value of {name!r} is a secret, not written: put one made for this",
                fr=f"étape {number + 1} : la valeur de {name!r} est un secret, non écrite : mettez-en une d’essai",
            )
        )
        return "REPLACE-ME"
    return _known_or_made_up(value, number, draft)


def _known_or_made_up(value: str, number: int, draft: _Draft) -> str:
    """What an earlier answer gave is taken from there, even where it looks like something one could make up."""
    filled = draft.correlation.put_in(value, number)
    return made_up(value) if filled == value else filled
