"""Words on a plot, placed so that no two are written over each other and none leaves the drawing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from scorecard.reports.drawing import Frame, Label

HEIGHT = 15.0
"""Pixels from one line of labels to the next."""

_LETTER_WIDTH = 7.2
"""Pixels of a letter in the widest of the usual fonts, at the size of the labels."""

_DESCENT = 4.0

Box = tuple[float, float, float, float]


def apart(wanted: Iterable[Sequence[Label]], frame: Frame) -> tuple[Label, ...]:
    """Each label at the first of its places that is free, the most important label first.

    One for which no place is free is left out: the words beside the plot and its table say the same.
    """
    chosen: list[Label] = []
    for places in wanted:
        free = (p for p in places if inside(p, frame) and not any(touch(p, other) for other in chosen))
        found = next(free, None)
        if found is not None:
            chosen.append(found)
    return tuple(chosen)


def box(label: Label) -> Box:
    """Left, top, right and bottom of the words, at the widest they may be."""
    length = len(label.text) * _LETTER_WIDTH
    left = {"start": label.x, "middle": label.x - length / 2, "end": label.x - length}[label.anchor]
    return left, label.y + _DESCENT - HEIGHT, left + length, label.y + _DESCENT


def touch(one: Label, other: Label) -> bool:
    """Whether the two would be written over each other."""
    a, b = box(one), box(other)
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def inside(label: Label, frame: Frame) -> bool:
    """Whether the words stay within the drawing, clear of the titles of the axes above and below."""
    left, top, right, bottom = box(label)
    return left >= 0 and right <= frame.width and top >= HEIGHT + _DESCENT and bottom <= frame.bottom + _DESCENT
