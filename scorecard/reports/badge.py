"""The decision as a badge: one small SVG that stands alone, for a README or a dashboard."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from scorecard.quantities import day
from scorecard.reports.characters import for_xml, one_line
from scorecard.reports.labels import DECISIONS
from scorecard.reports.words import Words
from scorecard.scorecard import Decision, GradeRange, Scorecard

_NAMESPACE = "http://www.w3.org/2000/svg"
_HEIGHT = 22
_PADDING = 8
_SIGN = 12
"""Width of the shape beside the decision; the shape differs with the decision, since colour alone says nothing."""

_GREY = "#3d434e"
_LOOKS = {
    Decision.GO: ("#1b6640", "M1.5 6.5l3 3 6-7"),
    Decision.CONDITIONAL: ("#85540a", "M6 1v6M6 10v.6"),
    Decision.NO_GO: ("#9e1f1f", "M2 2l8 8M10 2l-8 8"),
    Decision.UNDETERMINED: ("#575c67", "M3.5 4a2.6 2.6 0 1 1 3.5 2.5C6 7 6 7.5 6 8M6 10.5v.6"),
}
"""Colour (white on it has a contrast of at least 6 to 1) and sign of each decision."""

_NARROW_LETTERS = frozenset(" .,:;'’!|iljtfrI()")
_LETTER, _NARROW_LETTER = 6.9, 4.0
"""Width in px of a letter at 12 px in the usual sans serifs; ``textLength`` makes the words fit whatever the font."""


def render(card: Scorecard, lang: str) -> str:
    """``card`` as an SVG badge in ``lang``: decision and grade range, the same in its title for a screen reader."""
    words = Words("fr" if lang == "fr" else "en")
    word = words.name(DECISIONS, card.decision)
    colour, sign = _LOOKS[card.decision]
    left, right = "Portance", f"{word} · {_grade(card.grade, lang)}"
    left_width = _width(left) + 2 * _PADDING
    right_width = _width(right) + 3 * _PADDING + _SIGN
    width = left_width + right_width
    title = _title(card, word, lang)
    svg = ET.Element(
        "svg",
        {"xmlns": _NAMESPACE, "width": str(width), "height": str(_HEIGHT), "viewBox": f"0 0 {width} {_HEIGHT}",
         "role": "img", "aria-label": title, "lang": words.lang},
    )  # fmt: skip
    ET.SubElement(svg, "title").text = title
    clip = ET.SubElement(svg, "clipPath", {"id": "portance-badge"})
    ET.SubElement(clip, "rect", {"width": str(width), "height": str(_HEIGHT), "rx": "4"})
    box = ET.SubElement(svg, "g", {"clip-path": "url(#portance-badge)"})
    ET.SubElement(box, "rect", {"width": str(left_width), "height": str(_HEIGHT), "fill": _GREY})
    ET.SubElement(
        box, "rect", {"x": str(left_width), "width": str(right_width), "height": str(_HEIGHT), "fill": colour}
    )
    at = left_width + _PADDING
    ET.SubElement(
        svg, "path",
        {"d": sign, "transform": f"translate({at} 5)", "fill": "none", "stroke": "#fff", "stroke-width": "2",
         "stroke-linecap": "round", "stroke-linejoin": "round"},
    )  # fmt: skip
    written = ET.SubElement(
        svg, "g",
        {"fill": "#fff", "font-family": "system-ui,Verdana,'DejaVu Sans',sans-serif", "font-size": "12",
         "aria-hidden": "true"},
    )  # fmt: skip
    _write(written, left, _PADDING)
    _write(written, right, at + _SIGN + _PADDING)
    ET.indent(svg, " ")
    return ET.tostring(svg, encoding="unicode") + "\n"


def _grade(grade: GradeRange, lang: str) -> str:
    """The letters from the low end to the high end, or the one letter."""
    if grade.low == grade.high:
        return grade.low
    return f"{grade.low} à {grade.high}" if lang == "fr" else f"{grade.low} to {grade.high}"


def _title(card: Scorecard, word: str, lang: str) -> str:
    name, grade = for_xml(one_line(card.project.name)), _grade(card.grade, lang)
    if lang == "fr":
        return f"{name}\u00a0: {word}, note {grade}, évalué le {day(card.graded_on, 'fr')}"
    return f"{name}: {word}, grade {grade}, assessed on {day(card.graded_on, 'en')}"


def _write(parent: ET.Element, words: str, x: int) -> None:
    place = {"x": str(x), "y": "15.5", "textLength": str(_width(words)), "lengthAdjust": "spacingAndGlyphs"}
    ET.SubElement(parent, "text", place).text = words


def _width(words: str) -> int:
    return round(sum(_NARROW_LETTER if letter in _NARROW_LETTERS else _LETTER for letter in words))
