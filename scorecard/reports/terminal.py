"""The summary at the end of a run, for a terminal: the same words as the page, in its order, in fewer lines."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.text import Text as Line

from scorecard.evidence import Unit
from scorecard.reports import labels, ledger, origin, sheet
from scorecard.reports.words import Lang, Words
from scorecard.scorecard import Colour, Decision, DomainResult, GradeRange, Letter, Scorecard

_SIGNS = {
    Decision.GO: ("✓", "bold green"),
    Decision.CONDITIONAL: ("▲", "bold yellow"),
    Decision.NO_GO: ("✗", "bold red"),
    Decision.UNDETERMINED: ("?", "bold"),
}
_TONES: dict[Letter, str] = {"A": "green", "B": "green", "C": "yellow", "D": "yellow", "E": "red", "F": "red"}
_COLOURS = {Colour.GREEN: "green", Colour.YELLOW: "yellow", Colour.RED: "red", Colour.GREY: "dim"}

Said = tuple[Line, Line]
"""What stands at the left, and the words beside it, which wrap below their own beginning."""


def print_summary(
    card: Scorecard, console: Console, lang: str, *, page: Path | None = None, seconds: float | None = None
) -> None:
    """Print the decision, the capacity, the domains, the first actions and the official colours of ``card``.

    ``page`` is where the whole report stands, ``seconds`` how long the run took. Colours, and letters that
    the console's encoding lacks, are left out; each colour stands beside a word or a letter that says the same.
    In a terminal long lines wrap below their own beginning; elsewhere no line is cut.
    """
    known: Lang = "fr" if lang == "fr" else "en"
    signs = console.encoding.lower().replace("-", "").startswith("utf")
    for left, line in _lines(card, Words(known), page, seconds, signs=signs):
        rows = wrapped(line, console.width - len(left)) if console.is_terminal else [line]
        for number, row in enumerate(rows):
            whole = (left if number == 0 else Line(" " * len(left))) + row
            plain = whole.plain.encode(console.encoding, "replace").decode(console.encoding)
            console.print(whole if signs else Line(plain), soft_wrap=True)


def wrapped(line: Line, width: int) -> list[Line]:
    """``line`` in rows of at most ``width``; unlike rich's own wrapping, spaces that must not break do not."""
    rows, place = [], 0
    for row in textwrap.wrap(line.plain, max(width, 20), break_on_hyphens=False, break_long_words=False):
        start = line.plain.index(row, place)
        place = start + len(row)
        rows.append(line[start:place])
    return rows or [line]


def _lines(card: Scorecard, words: Words, page: Path | None, seconds: float | None, *, signs: bool) -> Iterator[Said]:
    sign, tone = _SIGNS[card.decision]
    head, sentence = sheet.headline(card, words)
    yield Line(), Line()
    yield Line(), Line(f"{sign} {head}" if signs else head, style=tone)
    yield Line(), Line(sentence)
    yield Line(), Line()
    unanswered = words.unanswered(sheet.without_answer(card.judged), sheet.asked(card.judged))
    yield _titled(words.gettext("Grade"), _graded(card.grade, words), unanswered)
    yield _titled(words.gettext("Capacity"), Line(_capacity(card, words)))
    yield Line(), Line()
    width = max(len(words.name(labels.DOMAINS, domain.id)) for domain in card.domains)
    for domain in card.domains:
        yield _domain(domain, words, width, signs=signs)
    yield from _actions(card, words)
    yield from _official(card, words)
    yield Line(), Line()
    yield from _word(card, words)
    yield Line(words.gettext("Digest of the evidence"), style="bold"), Line()
    yield Line(), Line(origin.digest(card), style="dim")  # alone, so that it can be copied whole
    if page is not None:
        yield _titled(words.gettext("The page"), Line(str(page)))
    if seconds is not None:
        duration = words.quantity(seconds, Unit.SECOND)
        yield Line(), Line(words.gettext("done in %(duration)s") % {"duration": duration}, style="dim")


def _actions(card: Scorecard, words: Words) -> Iterator[Said]:
    if not card.actions:
        return
    yield Line(), Line()
    yield Line(), Line(words.gettext("What to do next"), style="bold")
    for number, action in enumerate(card.actions[: sheet.MOST_ACTIONS], start=1):
        command = [] if action.command is None else [action.command]
        aside = ", ".join([words.name(labels.EFFORTS, action.effort), *command, words.moves(action)])
        yield Line(f"{number}. "), Line.assemble(f"{words.say(action.text)} ", (f"({aside})", "dim"))


def _official(card: Scorecard, words: Words) -> Iterator[Said]:
    if not card.indicators:
        return
    yield Line(), Line()
    yield Line(), Line(words.gettext("Official indicators at the busiest moment"), style="bold")
    width = max(len(words.name(labels.COLOURS, colour)) for colour in Colour)
    for indicator in sheet.known_indicators(card):
        colour = words.name(labels.COLOURS, indicator.colour)
        title, shown = words.say(indicator.title), words.say(indicator.shown)
        yield _left(f"  {colour:<{width}}", _COLOURS[indicator.colour]), Line.assemble(f"{title}  ", (shown, "dim"))
    grey = sheet.unknown_indicators(card)
    if grey:
        colour = words.name(labels.COLOURS, Colour.GREY)
        names = ", ".join(words.say(indicator.title) for indicator in grey)
        yield _left(f"  {colour:<{width}}", "dim"), Line(" ".join([words.gettext("not known:"), names]))


def _word(card: Scorecard, words: Words) -> Iterator[Said]:
    """What is declared only and until when, and what somebody accepted for a time."""
    given = ledger.soonest(card)
    if given:
        until = given[0].until
        day = words.gettext("no date given") if until is None else words.date(until)
        lead = words.counted(labels.DECLARED, len(ledger.declared(card)))
        yield _titled(words.gettext("On somebody’s word only"), Line(f"{lead} {day}"))
    waivers = ledger.waived(card)
    if waivers:
        yield Line(), Line(words.counted(labels.ACCEPTED, len(waivers)))


def _titled(title: str, value: Line, more: str = "") -> Said:
    return _left(title, "bold"), value + Line(f"  {more}" if more else "")


def _left(title: str, style: str) -> Line:
    return Line.assemble((title, style), "  ")


def _graded(grade: GradeRange, words: Words) -> Line:
    return Line(words.grade(grade), style=_TONES[grade.low] if grade.low == grade.high else "")


def _capacity(card: Scorecard, words: Words) -> str:
    return " ".join([words.say(card.capacity.sentence), words.say(card.capacity.reason)]).strip()


def _domain(domain: DomainResult, words: Words, width: int, *, signs: bool) -> Said:
    """The domain on the scale from A to F: the letters it may be stand, the others are dots."""
    left, line = Line(f"  {words.name(labels.DOMAINS, domain.id):<{width}}  "), Line()
    if domain.grade is None:
        return left, line.append(words.gettext("does not apply"), style="dim")
    for cell in sheet.cells(domain.grade):
        dot = "·" if signs else "."
        left.append(
            dot if cell.state == "no" else cell.letter, style=_TONES[cell.letter] if cell.state == "sure" else ""
        )
    left.append("  ")
    line.append(words.gettext("unknown") if sheet.nothing_known(domain) else _graded(domain.grade, words))
    count = sheet.without_answer(domain.judged)
    if count:
        unanswered = words.gettext("%(number)s of %(all)s unanswered")
        numbers = {"number": words.number(count), "all": words.number(sheet.asked(domain.judged))}
        line.append(f"  {unanswered % numbers}", style="dim")
    return left, line
