"""Where the time goes, for a terminal: first the routes, then one route with its calls and one of its requests."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len
from rich.text import Text as Line

from scorecard.evidence import Unit
from scorecard.reports import labels, why, why_words
from scorecard.reports.why import Bar, Level, RouteTime
from scorecard.reports.words import Lang, Words
from scorecard.scorecard import Scorecard

_LETTERS = {"before_handler": "·", "pool_wait": "!", "sql": "S", "outgoing": "O", "own_code": "#"}
_TONES = {"before_handler": "dim", "pool_wait": "yellow", "sql": "cyan", "outgoing": "magenta", "own_code": "blue"}
_KIND_TONES = {"sql": "cyan", "remote": "magenta", "serving": "bold", "other": "blue"}
MOST_MENDS = 5


def overview(card: Scorecard, lang: str, width: int) -> Iterator[Line]:
    """How fast the service answers, what to mend first, and the routes by number; lines of at most ``width``."""
    words = _words(lang)
    for pace in why.paces(card):
        yield Line(why_words.pace(pace, words))
    mends, routes = why.mends(card, words), why.routes(card, words)
    if mends:
        yield Line()
        yield Line(words.gettext("What to mend, that which brings most first"), style="bold")
    for number, mend in enumerate(mends[:MOST_MENDS], 1):
        yield Line(f"{number}. {mend.route}", style="bold") + Line(f"  {mend.line}", style="dim")
        for said in (mend.said, mend.remedy, why_words.brings(mend, words)):
            if said:
                yield Line(f"   {said}")
    yield Line()
    if not routes:
        yield Line(words.gettext("Not measured: no traces of the service were seen."))
        return
    yield Line(words.gettext("Route by route"), style="bold")
    yield _legend(words)
    longest = max((one.longest for one in routes), default=0.0)
    name = min(max(cell_len(one.route) for one in routes), max(20, width // 3))
    room = max(10, width - name - 28)
    for one in routes:
        busiest = one.busiest
        if busiest is not None:
            bar = _parts(busiest, longest, room)
            bar.append(" " * (room - cell_len(bar.plain)))
            yield (
                Line(f"{one.number:>3} {_cut(one.route, name):<{name}} ") + bar + Line(f" {why_words.p95(one, words)}")
            )
    yield Line(words.gettext("One route: portance why RUN NUMBER"), style="dim")


def route(card: Scorecard, wanted: str, lang: str, width: int) -> Iterator[Line]:
    """One route, by its number or a part of its name: its time by kind, its calls, and one of its requests.

    Raises:
        LookupError: no route is called so.
    """
    words = _words(lang)
    one = find(why.routes(card, words), wanted)
    yield Line(one.route, style="bold")
    yield _legend(words)
    room = max(10, width - 52)
    for level in (one.low, one.knee):
        if level is not None:
            yield Line(f"  {why_words.level(level, words):<34} ") + _parts(level, one.longest, room)
            kinds = (
                f"{words.name(labels.WHERE_TIME_GOES, kind)} {words.quantity(seconds, Unit.SECOND)}"
                for kind, seconds in level.kinds
            )
            yield Line(f"    {', '.join(kinds)}", style="dim")
    for mend in one.mends:
        yield Line()
        yield Line(f"! {mend.said}", style="yellow")
        yield Line(f"  {mend.remedy}") + Line(f"  {mend.line}", style="dim")
    yield Line()
    yield Line(words.gettext("What it calls, that which takes most first"), style="bold")
    for number, call in enumerate(one.calls, 1):
        share = "" if call.share is None else words.quantity(call.share, Unit.RATIO)
        yield Line(f"{number:>3} {share:>6}  {why_words.each(call, words)}  ") + Line(call.line, style="dim")
        yield Line(f"      {call.call}", style=_KIND_TONES.get(call.kind, ""))
    if one.bars:
        yield Line()
        yield Line(words.gettext("One request among the slowest"), style="bold") + Line(f"  {one.trace}", style="dim")
        yield from (_lane(one, bar, width, words) for bar in one.bars)


def find(routes: tuple[RouteTime, ...], wanted: str) -> RouteTime:
    """The route with this number, this name, or the first that has it in its name. Raises LookupError."""
    for fits in (
        lambda one: str(one.number) == wanted,
        lambda one: one.route == wanted,
        lambda one: wanted.lower() in one.route.lower(),
    ):
        for one in routes:
            if fits(one):
                return one
    raise LookupError(wanted)


def _legend(words: Words) -> Line:
    line = Line("  ")
    for kind in why.KINDS:
        line.append(_LETTERS[kind] * 2, style=_TONES[kind]).append(f" {words.name(labels.WHERE_TIME_GOES, kind)}  ")
    return line


def _parts(level: Level, longest: float, room: int) -> Line:
    """A bar of letters, so that it is read without colours too."""
    line, filled, passed = Line(), 0, 0.0
    for kind, seconds in level.kinds:
        passed += seconds
        until = round(room * passed / longest) if longest > 0 else 0
        line.append(_LETTERS[kind] * (until - filled), style=_TONES[kind])
        filled = until
    return line


def _lane(one: RouteTime, bar: Bar, width: int, words: Words) -> Line:
    name = max(12, min(40, width // 4))
    room = max(10, width - name - 18)
    begin = min(room - 1, int(room * bar.left / 100))
    length = max(1, round(room * bar.width / 100))
    call = why_words.more(bar, words) if bar.kind == "more" else bar.call
    line = Line(f"{one.number_of(bar):>3} {_cut(call, name):<{name}} ")
    line.append(" " * begin).append("█" * min(length, room - begin), style=_KIND_TONES.get(bar.kind, "dim"))
    line.append(" " * (room - begin - min(length, room - begin)))
    return line.append(f" {words.quantity(bar.lasts, Unit.SECOND)}")


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _words(lang: str) -> Words:
    known: Lang = "fr" if lang == "fr" else "en"
    return Words(known)
