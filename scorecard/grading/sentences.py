"""Sentences made of clauses and of the words that collectors gave, as one would write them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from scorecard.evidence import Text

_NAME = re.compile(r"\S*[._/:=]\w|\S*\d")
"""A first word like ``security.advisories``, ``/dossiers`` or ``p95`` is a name and keeps its letters."""


def sentence(said: Text) -> Text:
    """``said`` with a capital in front and an end mark; French gets its apostrophes."""
    return Text(en=_closed(said.en), fr=_closed(re.sub(r"(?<=\w)'(?=\w)", "’", said.fr)))


def followed(first: Text, second: Text) -> Text:
    """Two sentences, one after the other."""
    first, second = sentence(first), sentence(second)
    return Text(en=f"{first.en} {second.en}", fr=f"{first.fr} {second.fr}")


def quoted(title: Text) -> Text:
    """A title within the quotation marks of its language."""
    return Text(en=f"“{title.en}”", fr=f"« {title.fr} »")


def enumeration(items: Sequence[Text]) -> Text:
    """``items`` in one row with "and" before the last; there is at least one."""
    return Text(en=_row([i.en for i in items], "and"), fr=_row([i.fr for i in items], "et"))


def _closed(words: str) -> str:
    words = words.strip()
    if not _NAME.match(words):
        words = words[:1].upper() + words[1:]
    return words if words.endswith((".", "!", "?", "…")) else f"{words}."


def _row(words: Sequence[str], last: str) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"
