"""Markup that is sent and comes back as markup: the page is parsed as a browser does, and the element is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from scorecard.journeys.exchange import Reply
from security.active_attempt import Attempt, Proof, Weakness

_MARK = re.compile(r"^q(zq[a-p]{10}zq)$")


def value(token: str, kept: str) -> str:
    """``kept`` with what becomes an attribute in an attribute, and an element in a text, where nothing escapes it."""
    mark = f"q{token}"
    return f"{kept}\" {mark}=' {mark}='><{mark}>"


def try_markup(attempt: Attempt) -> Proof | None:
    """What shows that markup sent comes back in the same answer, None when it does not."""
    sent = value(attempt.token, attempt.point.value if attempt.guarded else attempt.token)
    reply = attempt.send(sent)
    if attempt.token in set(marks(reply)):
        return Proof(Weakness.REFLECTED, sent, f"{reply.ended}, a page in which it is an element or an attribute")
    return None


def marks(reply: Reply) -> Iterator[str]:
    """Tokens of the values that became markup in a page."""
    kind = reply.headers.get("content-type", "text/html")
    if not kind.startswith(("text/html", "application/xhtml", "image/svg")):
        return
    reader = _Reader()
    reader.feed(reply.text)
    reader.close()
    for name in reader.names:
        if (found := _MARK.match(name)) is not None:
            yield found[1]


class _Reader(HTMLParser):
    """The names of all elements and attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names |= {tag, *(name for name, _ in attrs)}

    def handle_data(self, data: str) -> None:
        # a text within a script ends where its quote does
        if self.cdata_elem == "script":
            self.names |= {f"q{token}" for token in re.findall(r"(?<!\\)\" q(zq[a-p]{10}zq)='", data)}
