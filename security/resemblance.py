"""Whether an answer is the same as another one, but for who is in it: what tells a leak from a polite refusal."""

from __future__ import annotations

import re
from collections.abc import Iterable

from scorecard.journeys.exchange import Reply
from scorecard.personal_data import spellings

_SEPARATORS = re.compile(r"[<>\n\r{}\[\],]+")
# Digits and identifiers differ from one object to the next; what remains is its form.
_VARYING = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{16,}|\d+", re.IGNORECASE)


def resembles(reply: Reply, own: Reply, refusal: Reply | None) -> bool:
    """Whether ``reply`` gives what ``own`` gave its owner, and not what ``refusal`` gives.

    ``own`` has pieces (elements of a page, members of a JSON object) that ``refusal`` has not; at least half of them
    must stand in ``reply``. Half, since two objects of one kind differ in their values and share their form. Where
    the refusal has all of them, status and redirect decide.
    """
    if _outcome(reply) != _outcome(own):
        return False
    if refusal is None:
        refusal = Reply(None)
    specific = pieces(own) - pieces(refusal)
    if not specific:
        return _outcome(own) != _outcome(refusal)
    return 2 * len(specific & pieces(reply)) >= len(specific)


def same(reply: Reply, own: Reply) -> bool:
    """Whether two answers have the same form: nine pieces in ten, for what is drawn anew on each page."""
    mine, theirs = pieces(own), pieces(reply)
    return _outcome(reply) == _outcome(own) and 10 * len(mine & theirs) >= 9 * len(mine | theirs)


def pieces(reply: Reply) -> frozenset[str]:
    """The pieces of a body, without what varies from one object to the next."""
    found = (_VARYING.sub("#", piece).strip() for piece in _SEPARATORS.split(reply.text))
    return frozenset(piece for piece in found if piece.strip(' "#:/'))


def echoed(values: Iterable[str], reply: Reply, asked: str) -> bool:
    """Whether an answer holds one of ``values`` that the request (its URL, ``asked``) did not say itself."""
    text = reply.text
    return any(
        any(spelling in text for spelling in spellings(value))
        and not any(spelling in asked for spelling in spellings(value))
        for value in values
    )


def _outcome(reply: Reply) -> tuple[int | None, str]:
    return reply.status, _VARYING.sub("#", reply.location)
