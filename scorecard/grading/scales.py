"""The scale of an official indicator: the colour of a value, its points, and the publisher's lines in words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import assert_never

from scorecard.evidence import Text
from scorecard.grading.official import Better, Official, Points
from scorecard.grading.thresholds import ROUNDING
from scorecard.quantities import both
from scorecard.scorecard import Colour

UNKNOWN = Text(en="not known", fr="inconnu")

COLOURS = {
    Colour.GREEN: Text(en="green", fr="vert"),
    Colour.YELLOW: Text(en="yellow", fr="jaune"),
    Colour.RED: Text(en="red", fr="rouge"),
    Colour.GREY: Text(en="grey", fr="gris"),
}
"""The colours as words: no traffic light goes without one."""


@dataclass(frozen=True)
class Shade:
    """A colour, the value in words, and what else has to be said of it."""

    colour: Colour
    shown: Text
    but: Text | None = None


def shade(item: Official, value: bool | float | str) -> Shade:
    """The colour of ``value``; what is no value of the scale is grey, never the best or the worst."""
    if item.words:
        for word in item.words:
            if type(value) is type(word.is_) and value == word.is_:
                return Shade(word.colour, word.shown)
        return Shade(
            Colour.GREY,
            UNKNOWN,
            Text(en=f"“{value}” is no value of this scale.", fr=f"« {value} » n’est pas une valeur de cette échelle."),
        )
    if isinstance(value, bool | str):
        return Shade(Colour.GREY, UNKNOWN, Text(en="It is not a number.", fr="Ce n’est pas un nombre."))
    if item.letters:
        for letter in item.letters:
            if letter.line is None or _reaches(value, letter.line, item.better, exclusive=item.exclusive):
                exact = both(value, item.unit, None)
                return Shade(
                    letter.colour,
                    Text(en=f"{letter.letter} ({exact.en})", fr=f"{letter.letter} ({exact.fr})"),
                )
    colour = Colour.RED
    for line, better_colour in ((item.yellow, Colour.YELLOW), (item.green, Colour.GREEN)):
        if line is not None and _reaches(value, line, item.better, exclusive=item.exclusive):
            colour = better_colour
    return Shade(colour, _amount(item, value))


def scale(item: Official) -> Text:
    """The publisher's lines in words."""
    said = _worded(item) if item.words else _lettered(item) if item.letters else _lined(item)
    if item.also is None:
        return said
    return Text(en=f"{said.en}; {item.also.en}", fr=f"{said.fr} ; {item.also.fr}")


def points_of(points: Points, value: float) -> int:
    """The points of ``value``: those of the best step that it reaches."""
    for step in points.steps:
        if _reaches(value, step.line, points.better, exclusive=points.exclusive):
            return step.points
    return points.otherwise


def _amount(item: Official, value: float) -> Text:
    """The value with enough digits not to read like a line that it misses."""
    shown = both(value, item.unit)
    for line in (item.green, item.yellow):
        if line is not None and value != line and shown == both(line, item.unit):
            shown = both(value, item.unit, None)
    if item.points:
        return Text(en=f"{shown.en} points", fr=f"{shown.fr} points")
    return shown


def _reaches(value: float, line: float, better: Better, *, exclusive: bool) -> bool:
    if math.isclose(value, line, rel_tol=ROUNDING, abs_tol=0.0):
        return not exclusive
    match better:
        case "higher":
            return value > line
        case "lower":
            return value < line
        case "equal":
            return False
        case _:
            assert_never(better)


def _worded(item: Official) -> Text:
    pairs = [(w.shown, COLOURS[w.colour]) for w in item.words]
    return Text(
        en=", ".join(f"{shown.en}: {colour.en}" for shown, colour in pairs),
        fr=", ".join(f"{shown.fr} : {colour.fr}" for shown, colour in pairs),
    )


def _lettered(item: Official) -> Text:
    lines = [(x.letter, None if x.line is None else both(x.line, item.unit, None)) for x in item.letters]
    return Text(
        en=", ".join(f"{name} below" if at is None else f"{name} above {at.en}" for name, at in lines),
        fr=", ".join(f"{name} en dessous" if at is None else f"{name} au-dessus de {at.fr}" for name, at in lines),
    )


def _lined(item: Official) -> Text:
    assert item.green is not None
    assert item.yellow is not None
    green, yellow = both(item.green, item.unit, None), both(item.yellow, item.unit, None)
    if item.points:
        green, yellow = (Text(en=f"{x.en} points", fr=f"{x.fr} points") for x in (green, yellow))
    if item.better == "higher":
        return Text(
            en=f"green from {green.en}, yellow from {yellow.en}, red below",
            fr=f"vert à partir de {green.fr}, jaune à partir de {yellow.fr}, rouge en dessous",
        )
    if item.exclusive:
        return Text(
            en=f"green under {green.en}, yellow under {yellow.en}, red from there on",
            fr=f"vert sous {green.fr}, jaune sous {yellow.fr}, rouge à partir de là",
        )
    return Text(
        en=f"green up to {green.en}, yellow up to {yellow.en}, red above",
        fr=f"vert jusqu’à {green.fr}, jaune jusqu’à {yellow.fr}, rouge au-delà",
    )
