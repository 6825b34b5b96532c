"""What a browser saw: pages in a window, and what it could not see."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median
from typing import Literal

from scorecard.evidence import Text

Window = Literal["desktop", "phone"]
Persona = Literal["citizen", "agent"]

SIZES: dict[Window, tuple[int, int]] = {"desktop": (1920, 1080), "phone": (360, 800)}
"""Windows in CSS pixels: the one of EcoIndex's protocol, and the width of the commonest small phones."""

WORDS_KEPT = 0.8
"""Share of a page's words that must be there without JavaScript; a message or a menu more or less is let pass."""


SLOW_BYTES_PER_S, SLOW_LATENCY_S = 400_000 / 8, 0.4
"""A slow telephone network: 400 kbit/s each way and 400 ms for each request, the profile "3G Slow" of WebPageTest."""


@dataclass(frozen=True)
class Stop:
    """A page to see.

    Attributes:
        path: as the project file writes it, with placeholders.
        address: path and query that are asked for.
        persona: who is signed in, None for a visitor without a name.
        cookies: what their browser carries; secret, so never kept.
    """

    path: str
    address: str
    persona: Persona | None = None
    cookies: tuple[tuple[str, str, str], ...] = field(default=(), repr=False)

    @property
    def name(self) -> str:
        """What tells it from the other pages."""
        return self.path if self.persona is None else f"{self.path} ({self.persona})"


@dataclass(frozen=True)
class Load:
    """One load of a page with an empty cache.

    Attributes:
        seconds: from the start of the navigation, redirections included, to the end of the load event.
        largest_paint: seconds to the largest contentful paint, None when the browser reported none.
        weight: bytes that came over the network, headers included.
        requests: requests the page made by then, those to other origins included.
    """

    seconds: float
    largest_paint: float | None
    weight: float
    requests: int


@dataclass(frozen=True)
class Violation:
    """A rule of axe that an element of a page breaks; ``criteria`` are the tests of RGAA 4 it belongs to."""

    rule: str
    impact: str
    selector: str
    help: str
    criteria: tuple[str, ...]


@dataclass(frozen=True)
class Audit:
    """What axe found on a page, what it leaves to a person, and the tests of RGAA 4 that its rules looked at.

    ``small_targets`` are the links and controls of a phone that are smaller than a finger needs (WCAG 2.2, 2.5.8).
    """

    violations: tuple[Violation, ...]
    to_review: int
    tests: frozenset[str]
    version: str
    small_targets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Body:
    """What a page offers to a reader: the words and the form controls that can be seen in its main part.

    ``sendable`` are the fields among them that their form can send: it has a button that sends it, or one line of text
    only, which Enter sends (HTML, implicit submission).
    """

    words: frozenset[str]
    controls: frozenset[str]
    sendable: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Kept:
    """What of a page is there without JavaScript: the share of its words, the controls that are missing, and those
    that are there but that no form can send.
    """

    words: float
    missing: frozenset[str]
    unsent: frozenset[str] = frozenset()

    @property
    def whole(self) -> bool:
        """Whether a reader without JavaScript has the text and forms that can be sent; what comes then is not known."""
        return self.words >= WORDS_KEPT and not self.missing and not self.unsent


@dataclass(frozen=True)
class Shape:
    """A page once loaded.

    Attributes:
        dom_nodes: elements, children of SVG left out as EcoIndex does.
        width: pixels the page takes from left to right; more than the window means scrolling sideways.
        linked: other origins that the page connects to ahead of need (link rel=preconnect).
        scripted: whether scripts run on it.
    """

    title: str
    lang: str
    dom_nodes: int
    width: float
    linked: tuple[str, ...]
    body: Body
    scripted: bool = True


@dataclass
class View:
    """A page in a window: its loads, and what was looked at once; what was not is None.

    ``first`` is the load it was looked at in, beside other work of the browser: its time counts only where there was
    no time for a load by itself.
    """

    path: str
    window: Window
    first: Load
    timed: list[Load] = field(default_factory=list)
    shape: Shape | None = None
    audit: Audit | None = None
    others: set[str] = field(default_factory=set)

    @property
    def loads(self) -> list[Load]:
        """The loads that count."""
        return self.timed if self.timed else [self.first]

    @property
    def seconds(self) -> float:
        """Median of the load times."""
        return median(load.seconds for load in self.loads)

    @property
    def largest_paint(self) -> float | None:
        """Median of the largest contentful paints that were reported, None when none was."""
        known = [load.largest_paint for load in self.loads if load.largest_paint is not None]
        return median(known) if known else None

    @property
    def weight(self) -> float:
        """Median of the bytes transferred."""
        return median(load.weight for load in self.loads)

    @property
    def requests(self) -> int:
        """The most requests a load made."""
        return max(load.requests for load in self.loads)

    @property
    def excess(self) -> float:
        """Pixels by which the page is wider than its window, so that one scrolls sideways; 0 when it fits."""
        return 0.0 if self.shape is None else max(0.0, self.shape.width - SIZES[self.window][0])


@dataclass(frozen=True)
class Gap:
    """A page that could not be seen, or not wholly; ``after`` is the time it had, when it was cut for lasting."""

    path: str
    why: Text
    after: float | None = None


@dataclass(frozen=True)
class Picture:
    """The first screen of a page, small: WebP in base64, and its size in pixels."""

    path: str
    window: Window
    width: int
    height: int
    base64: str


@dataclass(frozen=True)
class Leak:
    """A value that was typed, of a kind, in a request of a page's script to another origin."""

    kind: str
    origin: str


@dataclass
class Tour:
    """Everything one browser saw of a service; pages go by the names of their stops.

    Attributes:
        stops: the pages to see.
        plain: what each page offers with JavaScript switched off.
        slow: seconds to the end of the load over a slow network on a phone, None where it was cut.
        filled: fields of each page with scripts that values were typed into.
        unfilled: fields of each page that could not be typed into.
        leaks: typed values that each page sent to others.
        screenshots: files written.
        page_s: seconds after which a page was cut.
        not_pages: paths that answer with something else than HTML, and what.
    """

    stops: tuple[Stop, ...] = ()
    views: list[View] = field(default_factory=list)
    plain: dict[str, Body] = field(default_factory=dict)
    slow: dict[str, float | None] = field(default_factory=dict)
    filled: dict[str, int] = field(default_factory=dict)
    unfilled: dict[str, int] = field(default_factory=dict)
    leaks: dict[str, set[Leak]] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    screenshots: list[str] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    browser: str = ""
    page_s: float = 10.0
    not_pages: dict[str, str] = field(default_factory=dict)

    def miss(self, path: str, why: Text, after: float | None = None) -> None:
        """Note that a page could not be seen, once for each reason."""
        gap = Gap(path, why, after)
        if gap not in self.gaps:
            self.gaps.append(gap)

    @property
    def paths(self) -> tuple[str, ...]:
        """Pages seen, in the order they were to be."""
        seen = {view.path for view in self.views}
        return tuple(dict.fromkeys(stop.name for stop in self.stops if stop.name in seen))

    def stop(self, path: str) -> Stop:
        """The stop of that name."""
        return next(stop for stop in self.stops if stop.name == path)

    def kept(self, path: str) -> Kept | None:
        """What of a page on a desktop stays without JavaScript; None when there was nothing to compare."""
        shapes = [v.shape for v in self.views if (v.path, v.window) == (path, "desktop") and v.shape is not None]
        plain = self.plain.get(path)
        if not shapes or plain is None:
            return None
        rich = shapes[0].body
        if not (rich.words or rich.controls):
            return None
        share = len(rich.words & plain.words) / len(rich.words) if rich.words else 1.0
        fields = frozenset(one for one in rich.controls if not one.startswith("button "))
        return Kept(share, rich.controls - plain.controls, (fields & plain.controls) - plain.sendable)

    def violations(self) -> list[tuple[str, Violation]]:
        """Elements that break a rule of axe, by page: once, whatever the windows they were seen in."""
        found = {
            (view.path, violation.rule, violation.selector): violation
            for view in self.views
            if view.audit is not None
            for violation in view.audit.violations
        }
        return [(path, violation) for (path, _, _), violation in found.items()]
