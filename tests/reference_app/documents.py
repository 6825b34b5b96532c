"""Every page that the routes of the service answer with, got as each person would get it, one of each kind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

UNCALLED = ("/livez", "/readyz", "/openapi.json", "/sign-out")
"""No pages; and signing out would end the session that the next page is asked with."""
_NAMES = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+")
_SKELETON = re.compile(r'<\w+(?: (?:class|type|id|role|name)="[^"]*")*')


@dataclass(frozen=True)
class Document:
    """An answer as ``who`` got it: what was asked, of which route, the status, and what came, as text."""

    who: str
    asked: str
    route: str
    status: int
    media: str
    text: str

    @property
    def name(self) -> str:
        """What a failure is named by."""
        return f"{self.asked} as {self.who} ({self.status})"

    @property
    def is_page(self) -> bool:
        """Whether people see it in a browser; files and redirects are none."""
        return self.media.startswith("text/html")

    @property
    def path(self) -> str:
        """The address asked."""
        return self.asked.partition(" ")[2]

    @property
    def parts(self) -> frozenset[tuple[str, ...]]:
        """What there is to look at: its heading, its elements, and of an opened page its route."""
        heading = re.search(r"<h1>(.*?)</h1>", self.text, re.DOTALL)
        words = _NAMES.sub("", heading[1]) if heading is not None else ""
        opened = [("route", self.route)] if self.status == 200 else []
        return frozenset([("h1", words), *opened, *((_NAMES.sub("", part),) for part in _SKELETON.findall(self.text))])


def answers(inhabited: Any, language: str, method: str) -> Iterator[Document]:
    """Every answer of the pages' routes, in ``language``: to GET, or to POST, when each form is sent empty."""
    headers = {"Accept-Language": language}
    forms = {who: {"token": token_of(client), "key": str(uuid4())} for who, client in inhabited.people.items()}
    for route in inhabited.routes(method):
        if route.startswith("/api/") or route in UNCALLED:
            continue
        for address in inhabited.addresses(route):
            for who, client in inhabited.people.items():
                form = forms[who] if method == "POST" else None
                answer = client.request(method, address, data=form, headers=headers, follow_redirects=False)
                assert answer.status_code not in (500, 503), f"{method} {address} as {who}: {answer.status_code}"
                media = answer.headers.get("content-type", "")
                yield Document(who, f"{method} {address}", route, answer.status_code, media, answer.text)


def enough(found: list[Document]) -> list[Document]:
    """As few documents as show every part that any of ``found`` has: the richest first."""
    parts = {document: document.parts for document in found}
    left, chosen = set().union(*parts.values()), []
    while left:
        chosen.append(max(found, key=lambda document: len(parts[document] & left)))
        left -= parts[chosen[-1]]
    return chosen


def slips(text: str) -> list[str]:
    """What is wrong with a document as text: links without words, names given twice, jumps to nowhere."""
    names = re.findall(r'\bid="([^"]*)"', text)
    empty = re.findall(r"<(?:a|button|label|legend|h\d)\b[^>]*>\s*</", text)
    twice = sorted({name for name in names if names.count(name) > 1})
    pointed = [*re.findall(r'\b(?:href="#|for="|aria-labelledby=")([^" ]*)"', text)]
    pointed += " ".join(re.findall(r'aria-describedby="([^"]*)"', text)).split()
    nowhere = [name for name in pointed if name not in names]
    return [*empty, *(f"twice: {name}" for name in twice), *(f"to nowhere: {name}" for name in nowhere)]


def token_of(client: httpx.Client) -> str:
    """What a form of ours carries for whoever is signed in; nothing for nobody."""
    found = re.search(r'name="token" value="([^"]+)"', client.get("/").text)
    return "" if found is None else found[1]
