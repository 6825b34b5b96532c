"""The pages of the service as the report shows them: one row of figures each, and their small pictures."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from scorecard.evidence import Unit
from scorecard.reports import measured
from scorecard.reports.measured import Cell
from scorecard.reports.words import Words
from scorecard.scorecard import Scorecard

MOST_ROWS = 20
"""Pages shown; the evidence holds them all."""
_SHORT = {"weight": Unit.BYTES, "load_time": Unit.SECOND, "slow": Unit.SECOND, "at_peak": Unit.SECOND}
_SIGNED_IN = re.compile(r"(.*) \((citizen|agent)\)")
# WebP begins with RIFF and its length; whatever else an evidence file may hold is not shown.
_WEBP = re.compile(r"UklGR[A-Za-z0-9+/]{20,400000}={0,2}")


@dataclass(frozen=True)
class Row:
    """A page: its figures in words, "–" for what was not measured."""

    page: str
    load_time: str
    at_peak: str
    slow: str
    weight: str
    requests: str
    ecoindex: str
    violations: str


@dataclass(frozen=True)
class Shot:
    """A small picture: its size in pixels, the data it is made of, and what it shows in words."""

    window: str
    width: int
    height: int
    source: str
    alternative: str


def rows(card: Scorecard, words: Words) -> tuple[Row, ...]:
    """The pages in the order they were seen, with the figures of a computer, of the peak and of a slow network.

    Those of the peak only where they count: the load was the one meant, and every page was loaded.
    """
    found: dict[str, dict[str, Cell]] = {}
    for one in _records(card, "page.pages"):
        page = found.setdefault(str(one.get("page")), {})
        if one.get("window") == "desktop":
            page |= one
        else:
            page["slow"] = one.get("slow_network_load_time")
    counts = measured.fact(card, "page.peak_load_time") is not None
    for one in _records(card, "page.peak"):
        if counts and str(one.get("page")) in found:
            found[str(one.get("page"))]["at_peak"] = one.get("at_peak")
    return tuple(_row(page, values, words) for page, values in list(found.items())[:MOST_ROWS])


def shots(card: Scorecard, words: Words) -> tuple[tuple[str, tuple[Shot, ...]], ...]:
    """The pictures by page."""
    found: dict[str, list[Shot]] = {}
    for one in _records(card, "page.pictures"):
        data, width, height = one.get("webp"), one.get("width"), one.get("height")
        if not isinstance(width, int | float) or not isinstance(height, int | float):
            continue
        if isinstance(data, str) and _WEBP.fullmatch(data):
            page, window = str(one.get("page")), str(one.get("window"))
            shot = Shot(window, int(width), int(height), f"data:image/webp;base64,{data}", _alternative(one, words))
            found.setdefault(page, []).append(shot)
    return tuple((named(page, words), tuple(pictures)) for page, pictures in found.items())


def named(page: str, words: Words) -> str:
    """A page and who sees it."""
    match = _SIGNED_IN.fullmatch(page)
    if match is None:
        return page
    message = words.gettext("%(page)s, a citizen signed in")
    if match[2] == "agent":
        message = words.gettext("%(page)s, an agent signed in")
    return message % {"page": match[1]}


def _records(card: Scorecard, id_: str) -> Iterator[dict[str, Cell]]:
    """Rows of a table by the names of its columns; none where it is not there."""
    found = measured.table(card, id_)
    if found is not None:
        names = [column.name for column in found.columns]
        yield from (dict(zip(names, row, strict=True)) for row in found.rows)


def _alternative(picture: Mapping[str, Cell], words: Words) -> str:
    """What a picture shows, for whoever does not see it."""
    message = words.gettext("First screen of %(page)s on a computer")
    if picture.get("window") == "phone":
        message = words.gettext("First screen of %(page)s on a phone")
    said = message % {"page": named(str(picture.get("page")), words)}
    blurred = words.gettext("out of focus")
    return said if picture.get("focus") == "sharp" else f"{said} ({blurred})"


def _row(page: str, values: Mapping[str, Cell], words: Words) -> Row:
    def shown(name: str) -> str:
        value = values.get(name)
        if isinstance(value, int | float):
            return words.quantity(value, _SHORT[name]) if name in _SHORT else words.number(value)
        return "–" if value is None else str(value)

    return Row(
        page=named(page, words),
        load_time=shown("load_time"),
        at_peak=shown("at_peak"),
        slow=shown("slow"),
        weight=shown("weight"),
        requests=shown("requests"),
        ecoindex=shown("ecoindex"),
        violations=shown("violations"),
    )
