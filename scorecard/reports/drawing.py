"""A plot as data: marks and their places in pixels; ``templates/plot.svg`` turns it into SVG."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Anchor = Literal["start", "middle", "end"]


@dataclass(frozen=True)
class Tick:
    """A round value on an axis."""

    at: float
    label: str


@dataclass(frozen=True)
class Line:
    """A line through points; ``style`` is its class in the style sheet."""

    points: str
    style: str


@dataclass(frozen=True)
class Mark:
    """A measured point; its shape says how the step ended."""

    x: float
    y: float
    shape: str


@dataclass(frozen=True)
class Rule:
    """A straight line across the plot: a threshold, a demand."""

    x1: float
    y1: float
    x2: float
    y2: float
    style: str


@dataclass(frozen=True)
class Band:
    """A range of uncertainty, as a rectangle."""

    x: float
    y: float
    width: float
    height: float
    style: str


@dataclass(frozen=True)
class Label:
    """Words on the plot."""

    text: str
    x: float
    y: float
    style: str
    anchor: Anchor = "start"


@dataclass(frozen=True)
class Frame:
    """The area of the data inside a drawing of ``width`` by ``height``."""

    width: int
    height: int
    left: float
    right: float
    top: float
    bottom: float


@dataclass(frozen=True)
class Drawing:
    """One plot at one width."""

    frame: Frame
    x_title: str
    y_title: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    bands: tuple[Band, ...] = ()
    areas: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()
    rules: tuple[Rule, ...] = ()
    marks: tuple[Mark, ...] = ()
    labels: tuple[Label, ...] = ()
