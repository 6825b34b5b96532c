"""The drawings of the page as documents of their own, with the style that the page gives them."""

from __future__ import annotations

from typing import Any

from scorecard.reports.drawing import Drawing
from scorecard.reports.html import environment
from scorecard.reports.palette import paper, plot_style
from scorecard.reports.words import Words
from scorecard.scorecard import Colour

_SIGN = ".sign{{fill:none;stroke:{paper};stroke-width:4.5;stroke-linecap:round;stroke-linejoin:round}}"
_SIGN += ".sign circle,.sign .fill{{fill:{tone};stroke:none}}"
_SIGN += ".sign .open{{fill:none;stroke:{tone};stroke-width:3;stroke-dasharray:5 4}}.sign .open+path{{stroke:{tone}}}"


def plot(drawing: Drawing, style: str, words: Words) -> str:
    """The SVG of ``drawing``, the same marks and words as on the page; ``style`` is its class there."""
    return _alone(_macro("plot.svg", "draw", words)(drawing, style, ""), plot_style())


def sign(name: str, tone: str, words: Words) -> str:
    """The sign of a decision in the colour ``tone``."""
    colours = paper()
    return _alone(_macro("parts.html", "sign", words)(name), _SIGN.format(paper=colours["wash"], tone=colours[tone]))


def shape(colour: Colour, ink: str, words: Words) -> str:
    """The shape of an official colour, drawn in ``ink``."""
    style = f".shape{{fill:{ink}}}.shape .open{{fill:none;stroke:{ink};stroke-width:2;stroke-dasharray:3 2.4}}"
    return _alone(_macro("parts.html", "colour_shape", words)(colour), style)


def _alone(svg: str, style: str) -> str:
    head, _, rest = str(svg).strip().partition(">")
    return f'{head} xmlns="http://www.w3.org/2000/svg"><style>{style}</style>{rest}'


def _macro(template: str, name: str, words: Words) -> Any:
    return getattr(environment(words.lang).get_template(template).module, name)
