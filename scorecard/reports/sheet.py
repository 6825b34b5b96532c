"""What the page shows, worked out from the Scorecard: everything here is arrangement, nothing is judged again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from scorecard.evidence import Column, Evidence, Fact, Finding, Severity, Table, Unit
from scorecard.findings.groups import Group, of_evidence
from scorecard.reports import measured
from scorecard.reports.labels import DECISIONS
from scorecard.reports.words import Words
from scorecard.scorecard import Colour, DomainResult, GradeRange, Indicator, Judged, Letter, Scorecard, Verdict

LETTERS: tuple[Letter, ...] = ("A", "B", "C", "D", "E", "F")

MOST_PROBLEMS = 2
"""Problems shown above the fold, so that the signature stays on the first sheet; the detail lists them all."""

MOST_ACTIONS = 3
"""Actions above the fold, those that move most; each other one stands with its question."""

MOST_COLOURS = 8
"""Official indicators named one by one on the printed sheet, the worst first; the table further down has them all."""

MOST_FINDINGS = 10
"""Findings shown of one evidence, the most severe first; the others are counted."""

_ROOM = 1.06
"""Length of a bar's scale over its largest value."""

MOST_ROWS = 100
"""Rows of a data table shown on the page; a longer one is thinned out evenly and says so."""


@dataclass(frozen=True)
class Bar:
    """A held range against a wanted value on one scale from 0; ``high`` is None where no upper end was found."""

    low: float
    high: float | None
    wanted: float | None
    top: float

    @property
    def end(self) -> float:
        """Where the range ends on the drawing."""
        return self.low if self.high is None else self.high

    def at(self, value: float) -> float:
        """Place of ``value`` in percent of the width."""
        return round(100 * min(max(value / self.top, 0.0), 1.0), 2)


@dataclass(frozen=True)
class Cell:
    """One letter of the scale: the grade for sure, possibly the grade, or not."""

    letter: Letter
    state: Literal["sure", "maybe", "no"]


@dataclass(frozen=True)
class Shown:
    """A table as far as it fits the page: one row in ``step``; columns that always say the same become ``notes``."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[measured.Cell, ...], ...]
    step: int
    notes: tuple[str, ...]


def headline(card: Scorecard, words: Words) -> tuple[str, str]:
    """The decision in a word or two, and the rest of its sentence; together they are the whole sentence once."""
    name, sentence = words.name(DECISIONS, card.decision), words.say(card.decision_reason)
    head, colon, rest = sentence.partition(":")
    if not colon or not head.startswith(name) or not rest.strip():
        return name, sentence
    rest = rest.strip()
    return head.strip(), rest[:1].upper() + rest[1:]


def without_answer(judged: tuple[Judged, ...]) -> int:
    """How many questions have no answer yet."""
    return sum(j.verdict is Verdict.UNKNOWN for j in judged)


def asked(judged: tuple[Judged, ...]) -> int:
    """How many questions apply."""
    return sum(j.verdict is not Verdict.NOT_APPLICABLE for j in judged)


def cells(grade: GradeRange) -> tuple[Cell, ...]:
    """The scale from A to F with the letters the grade may be."""
    best, worst = LETTERS.index(grade.high), LETTERS.index(grade.low)
    inside: Literal["sure", "maybe"] = "sure" if best == worst else "maybe"
    return tuple(Cell(letter, inside if best <= i <= worst else "no") for i, letter in enumerate(LETTERS))


def nothing_known(domain: DomainResult) -> bool:
    """Whether questions apply in the domain and none of them has an answer."""
    return 0 < asked(domain.judged) == without_answer(domain.judged)


def traces_count(card: Scorecard) -> bool:
    """Whether enough traces of the service arrived for what they show to be more than a hint."""
    return any(j.criterion.fact == "trace.arrived_share" and j.verdict is Verdict.PASS for j in card.judged)


def users_bar(card: Scorecard) -> Bar | None:
    """Users held against the users to serve; None where the users held are not known."""
    held, wanted = card.capacity, card.project.users
    low, high = held.users_low, held.users_high
    if low is None:
        return None
    return Bar(low, high, wanted, _ROOM * max(v for v in (low, high, wanted) if v is not None))


def held_words(card: Scorecard, words: Words) -> str:
    """The users held, as a range where the measurement has both ends."""
    bar = users_bar(card)
    if bar is None:
        return words.gettext("unknown")
    low = words.quantity(bar.low, Unit.USERS)
    if bar.high is None:
        return words.gettext("holds at least %(users)s") % {"users": low}
    if bar.low == bar.high:
        return words.gettext("holds %(users)s") % {"users": low}
    high = words.quantity(bar.high, Unit.USERS)
    return words.gettext("holds %(low)s to %(high)s") % {"low": low.partition("\u00a0")[0], "high": high}


def peak(card: Scorecard, words: Words) -> str:
    """How many begin at the busiest moment, and how many the service keeps up with, each with what is not known."""
    demand, held = measured.number(card, "demand.journeys_per_s"), measured.held(card)
    if demand is None:
        asked_of = words.gettext("How much is asked of it at the busiest moment is not known.")
    else:
        message = words.gettext("At the busiest moment %(rate)s people begin every second.")
        asked_of = message % {"rate": words.measured(demand)}
    if held is None:
        return " ".join([asked_of, words.gettext("How many the service keeps up with is not known.")])
    return " ".join([asked_of, words.gettext("The service keeps up with %(rate)s.") % {"rate": _range(held, words)}])


def known_indicators(card: Scorecard) -> tuple[Indicator, ...]:
    """The official indicators that have a colour, the worst first, each colour in the order of the judgement."""
    order = (Colour.RED, Colour.YELLOW, Colour.GREEN)
    return tuple(i for colour in order for i in card.indicators if i.colour is colour)


def unknown_indicators(card: Scorecard) -> tuple[Indicator, ...]:
    """The official indicators that are grey: not known."""
    return tuple(i for i in card.indicators if i.colour is Colour.GREY)


def why_absent(card: Scorecard, name: str, words: Words) -> str:
    """Why the evidence ``name`` shows nothing, in its own words; empty where it does not say."""
    return next((words.say(e.reason) for e in card.evidence if e.name == name and e.reason is not None), "")


def conditions(card: Scorecard, words: Words) -> tuple[str, ...]:
    """What a conditional go is bound by: the titles of the criteria named, or the words themselves."""
    if card.condition is None:
        return ()
    titles = {j.criterion.id: words.say(j.criterion.title) for j in card.judged}
    return tuple(titles.get(name, name) for name in card.condition.because)


def worst_findings(evidence: Evidence) -> tuple[Finding, ...]:
    """The most severe findings of ``evidence``, at most :data:`MOST_FINDINGS`."""
    order = list(Severity)
    ranked = sorted(evidence.findings, key=lambda f: (order.index(f.severity), f.rule, f.location, f.message))
    return tuple(ranked[:MOST_FINDINGS])


def confirmed(card: Scorecard) -> tuple[Group, ...]:
    """Weaknesses that the code shows and a request proved on the same route, the worst first."""
    return tuple(group for group in of_evidence(card.evidence) if group.confirmed)


def both_sides(group: Group, words: Words) -> str:
    """What the code shows and what the requests proved, each with its place, in one line."""
    between = "\u202f; " if words.lang == "fr" else "; "
    return between.join(f"{f.message} ({f.location})" for f in group.findings[:MOST_FINDINGS])


def shown(table: Table | None, lang: str) -> Shown | None:
    """What the page shows of ``table`` in ``lang``; None for no table.

    A column ``x_fr`` beside a column ``x`` holds the same words in French; one of the two is shown.
    """
    if table is None:
        return None
    names = {column.name for column in table.columns}
    places: list[int] = []
    notes: list[str] = []
    for place, column in enumerate(table.columns):
        other = column.name.removesuffix("_fr") if column.name.endswith("_fr") else f"{column.name}_fr"
        if other in names and column.name.endswith("_fr") != (lang == "fr"):
            continue
        values = {row[place] for row in table.rows}
        if column.unit is None and len(table.rows) > 1 and len(values) == 1:
            notes.extend(str(value) for value in values if value)
        else:
            places.append(place)
    if not places:  # a table whose words never change still has a row to show
        places, notes = [0], notes[1:]
    step = max(1, -(-len(table.rows) // MOST_ROWS))
    rows = tuple(tuple(row[place] for place in places) for row in table.rows[::step])
    return Shown(tuple(table.columns[place] for place in places), rows, step, tuple(notes))


def evidence_links(judged: Judged) -> Iterator[tuple[str, str]]:
    """Name of each evidence a verdict rests on, and the place in the run's files it points to."""
    for pointer in judged.evidence:
        yield pointer.partition(".json")[0], pointer


def verdict_counts(domain: DomainResult) -> tuple[tuple[Verdict, int], ...]:
    """How many criteria of the domain came to each verdict, worst first, without zeros."""
    order = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.WARN, Verdict.WAIVED, Verdict.PASS, Verdict.NOT_APPLICABLE)
    counts = ((v, sum(j.verdict is v for j in domain.judged)) for v in order)
    return tuple((v, count) for v, count in counts if count)


def _range(held: Fact, words: Words) -> str:
    """A rate as a range where the measurement has both ends."""
    if held.low is None:
        return words.quantity(held.value, Unit.COUNT)
    low = words.measured(held.low)
    if held.high is None:
        return words.gettext("at least %(low)s") % {"low": low}
    high = words.measured(held.high)
    return low if low == high else words.gettext("%(low)s to %(high)s") % {"low": low, "high": high}
