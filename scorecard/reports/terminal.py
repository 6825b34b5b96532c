"""The summary at the end of a run, for a terminal: the same words as the page, in fewer lines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.text import Text as Line

from scorecard.evidence import Unit
from scorecard.reports import labels, sheet
from scorecard.reports.words import Lang, Words
from scorecard.scorecard import Decision, DomainResult, GradeRange, Letter, Scorecard

_SIGNS = {
    Decision.GO: ("✓", "bold green"),
    Decision.CONDITIONAL: ("▲", "bold yellow"),
    Decision.NO_GO: ("✗", "bold red"),
    Decision.UNDETERMINED: ("?", "bold"),
}
_TONES: dict[Letter, str] = {"A": "green", "B": "green", "C": "yellow", "D": "yellow", "E": "red", "F": "red"}
_ACTIONS = 3


def print_summary(
    card: Scorecard, console: Console, lang: str, *, page: Path | None = None, seconds: float | None = None
) -> None:
    """Print the decision, the grade, the capacity, the domains and the first actions of ``card``.

    ``page`` is where the whole report stands, ``seconds`` how long the run took. Colours, and letters that
    the console's encoding lacks, are left out; each colour stands beside a word or a letter that says the same.
    """
    known: Lang = "fr" if lang == "fr" else "en"
    signs = console.encoding.lower().replace("-", "").startswith("utf")
    for line in _lines(card, Words(known), page, seconds, signs=signs):
        shown = line if signs else Line(line.plain.encode(console.encoding, "replace").decode(console.encoding))
        console.print(shown, soft_wrap=not console.is_terminal)


def _lines(card: Scorecard, words: Words, page: Path | None, seconds: float | None, *, signs: bool) -> Iterator[Line]:
    sign, tone = _SIGNS[card.decision]
    head, sentence = sheet.headline(card, words)
    yield Line()
    yield Line(f"{sign} {head}" if signs else head, style=tone)
    yield Line(sentence)
    yield Line()
    yield _titled(
        words.gettext("Grade"),
        _graded(card.grade, words),
        words.unanswered(sheet.without_answer(card.judged), sheet.asked(card.judged)),
    )
    yield _titled(words.gettext("Capacity"), Line(_capacity(card, words)))
    yield Line()
    width = max(len(words.name(labels.DOMAINS, domain.id)) for domain in card.domains)
    for domain in card.domains:
        yield _domain(domain, words, width, signs=signs)
    if card.actions:
        yield Line()
        yield Line(words.gettext("What to do next"), style="bold")
    for number, action in enumerate(card.actions[:_ACTIONS], start=1):
        effort = words.name(labels.EFFORTS, action.effort)
        yield Line.assemble(f"{number}. {words.say(action.text)} ", (f"({effort}, {words.gain(action)})", "dim"))
    if page is not None or seconds is not None:
        yield Line()
    if page is not None:
        yield _titled(words.gettext("The page"), Line(str(page)))
    if seconds is not None:
        duration = words.quantity(seconds, Unit.SECOND)
        yield Line(words.gettext("done in %(duration)s") % {"duration": duration}, style="dim")


def _titled(title: str, value: Line, more: str = "") -> Line:
    return Line.assemble((f"{title}  ", "bold"), value, f"  {more}" if more else "")


def _graded(grade: GradeRange, words: Words) -> Line:
    if grade.low == grade.high:
        return Line(grade.low, style=_TONES[grade.low])
    return Line(words.gettext("between %(low)s and %(high)s") % {"low": grade.low, "high": grade.high})


def _capacity(card: Scorecard, words: Words) -> str:
    return " ".join([words.say(card.capacity.sentence), words.say(card.capacity.reason)]).strip()


def _domain(domain: DomainResult, words: Words, width: int, *, signs: bool) -> Line:
    """The domain on the scale from A to F: the letters it may be stand, the others are dots."""
    line = Line(f"  {words.name(labels.DOMAINS, domain.id):<{width}}  ")
    if domain.grade is None:
        return line.append(words.gettext("does not apply"), style="dim")
    for cell in sheet.cells(domain.grade):
        dot = "·" if signs else "."
        line.append(
            dot if cell.state == "no" else cell.letter, style=_TONES[cell.letter] if cell.state == "sure" else ""
        )
    line.append("  ")
    line.append(words.gettext("unknown") if sheet.nothing_known(domain) else _graded(domain.grade, words))
    count = sheet.without_answer(domain.judged)
    if count:
        unanswered = words.gettext("%(number)s of %(all)s unanswered")
        numbers = {"number": words.number(count), "all": words.number(sheet.asked(domain.judged))}
        line.append(f"  {unanswered % numbers}", style="dim")
    return line
