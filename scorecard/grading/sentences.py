"""Sentences made of clauses and of the words that collectors gave, as one would write them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from scorecard.evidence import Text

_NAME = re.compile(r"\S*[._/:=]\w|\S*\d")
"""A first word like ``security.advisories``, ``/dossiers`` or ``p95`` is a name and keeps its letters."""

_STRAIGHT = re.compile(r"(?<=\w)'(?=\w)")
"""A typewriter's apostrophe between two letters."""


def sentence(said: Text) -> Text:
    """``said`` with a capital in front and an end mark; French gets its apostrophes."""
    return Text(en=_closed(said.en), fr=_french(said.fr))


def followed(first: Text, second: Text) -> Text:
    """Two sentences, one after the other."""
    return Text(
        en=f"{_closed(first.en)} {_closed(second.en)}",
        fr=f"{_french(first.fr)} {_french(second.fr)}",
    )


def quoted(title: Text) -> Text:
    """A title within the quotation marks of its language."""
    return Text(en=f"“{title.en}”", fr=f"« {title.fr} »")


def enumeration(items: Sequence[Text]) -> Text:
    """``items`` in one row with "and" before the last; there is at least one."""
    return Text(en=_row([i.en for i in items], "and"), fr=_row([i.fr for i in items], "et"))


def named(titles: Sequence[Text], most: int = 3) -> Text:
    """The first ``most`` titles in quotation marks, and how many others there are; there is at least one."""
    names = [quoted(title) for title in titles[:most]]
    rest = len(titles) - len(names)
    if rest:
        names.append(Text(en="1 other", fr="1 autre") if rest == 1 else Text(en=f"{rest} others", fr=f"{rest} autres"))
    return enumeration(names)


def _french(words: str) -> str:
    return _closed(_STRAIGHT.sub("’", words) if "'" in words else words)


def _closed(words: str) -> str:
    words = words.strip()
    if not _NAME.match(words):
        words = words[:1].upper() + words[1:]
    return words if words.endswith((".", "!", "?", "…")) else f"{words}."


def _row(words: Sequence[str], last: str) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"
