"""The dialogue of ``portance declare``: one question after the other, each answer kept as soon as it is complete."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from rich.console import Console
from rich.markup import escape

from scorecard.cli.declare_questions import Question, declaration, expected, value_from
from scorecard.criteria import Criterion
from scorecard.evidence import Text, Unit
from scorecard.grading import thresholds
from scorecard.project import Declaration, ProjectError
from scorecard.quantities import both, day
from scorecard.reports.labels import DOMAINS
from scorecard.reports.words import Words

SKIP = frozenset({"", "s", "skip", "passer"})
QUIT = frozenset({"q", "quit", "quitter"})

_HOW = Text(
    en="Each answer is written at once. Enter skips a question, q ends.",
    fr="Chaque réponse est écrite aussitôt. Entrée passe une question, q termine.",
)
_WRONG = Text(en="This does not fit. Expected: {how}.", fr="Cela ne convient pas. Attendu\u202f: {how}.")
_FUTURE = Text(
    en="a day not after today, as 2026-11-22", fr="un jour qui n’est pas après aujourd’hui, comme 2026-11-22"
)
_SOMETHING = Text(en="a name", fr="un nom")
_PROOF = Text(en="an address or a place", fr="une adresse ou un lieu")


class _Ended(Exception):  # noqa: N818 (an end, no error)
    """The person is done."""


@dataclass
class Proposals:
    """What is proposed at the next question: the owner and the day of the last answer."""

    owner: str
    on: date


def ask(
    asked: Sequence[Question],
    criteria: Sequence[Criterion],
    *,
    screen: Console,
    lang: str,
    proposals: Proposals,
    keep: Callable[[Declaration], None],
) -> int:
    """Put each question to the person at ``screen``; returns how many answers were kept.

    ``keep`` is called with each complete answer, before the next question: what was answered is never lost.
    """
    words = Words("fr" if lang == "fr" else "en")
    today = proposals.on
    kept = 0
    screen.print(escape(_HOW.in_(lang)), style="dim")
    try:
        for number, question in enumerate(asked, start=1):
            _show(question, f"{number}/{len(asked)}", screen, words)
            found = _answer(question, criteria, screen, lang, proposals, today)
            if found is None:
                continue
            keep(found)
            kept += 1
            proposals.owner, proposals.on = found.owner, found.date
    except (_Ended, EOFError):
        screen.print()
    return kept


def _show(question: Question, place: str, screen: Console, words: Words) -> None:
    criterion, lang = question.criterion, words.lang
    blocks = Text(en=", blocking", fr=", bloquant").in_(lang) if criterion.blocking else ""
    screen.print()
    screen.print(f"{place}  {escape(words.gettext(DOMAINS[criterion.domain]))}{blocks}", style="dim")
    screen.print(escape(criterion.title.in_(lang)), style="bold")
    screen.print(escape(criterion.why.in_(lang)))
    line = thresholds.words(criterion, None).in_(lang)
    counts = both(criterion.max_age_days, Unit.DAYS, None).in_(lang)
    about = Text(
        en=f"Threshold: {line}. An answer counts for {counts}. Source: {criterion.source.en}",
        fr=f"Seuil\u202f: {line}. Une réponse vaut {counts}. Source\u202f: {criterion.source.fr}",
    )
    screen.print(escape(about.in_(lang)), style="dim")
    before = question.declared
    if before is not None and question.expires is not None:
        until = day(question.expires, lang)
        said = Text(
            en=f"Declared before: {before.value}, by {before.owner}; it counts until {until}.",
            fr=f"Déjà déclaré\u202f: {before.value}, par {before.owner}\u202f; cela vaut jusqu’au {until}.",
        )
        screen.print(escape(said.in_(lang)), style="yellow")


def _answer(
    question: Question,
    criteria: Sequence[Criterion],
    screen: Console,
    lang: str,
    proposals: Proposals,
    today: date,
) -> Declaration | None:
    """A complete answer, None when the question is skipped. Raises _Ended when the person ends."""
    criterion = question.criterion
    how = _choices(criterion, lang)
    while True:
        said = _typed(screen, Text(en="Answer", fr="Réponse").in_(lang), how)
        if said.lower() in SKIP:
            return None
        try:
            value = value_from(said, criterion.unit)
            declaration(criterion.fact, value, "x", "x", today, criteria)
            break
        except (ValueError, ProjectError):
            _complain(screen, how, lang)
    before = question.declared
    owner = before.owner if before is not None and not proposals.owner else proposals.owner
    link = "" if before is None else before.link
    owner = _filled(screen, Text(en="Who answers for it", fr="Qui en répond").in_(lang), owner, _SOMETHING, lang)
    link = _filled(screen, Text(en="Where the proof is", fr="Où est la preuve").in_(lang), link, _PROOF, lang)
    on = _day(screen, proposals.on, today, lang)
    return declaration(criterion.fact, value, owner, link, on, criteria)


def _choices(criterion: Criterion, lang: str) -> str:
    """How to answer: for words, those that the criterion knows."""
    if criterion.unit is not Unit.TEXT:
        return expected(criterion.unit).in_(lang)
    return " / ".join(str(word) for word in (criterion.pass_, criterion.warn) if word is not None) + " / …"


def _typed(screen: Console, label: str, hint: str) -> str:
    said = screen.input(f"{escape(label)} [dim]({escape(hint)})[/dim] > ").strip()
    if said.lower() in QUIT:
        raise _Ended
    return said


def _filled(screen: Console, label: str, proposed: str, how: Text, lang: str) -> str:
    while True:
        said = _typed(screen, label, proposed if proposed else how.in_(lang))
        if said or proposed:
            return said if said else proposed
        _complain(screen, how.in_(lang), lang)


def _day(screen: Console, proposed: date, today: date, lang: str) -> date:
    while True:
        said = _typed(screen, Text(en="As of", fr="En date du").in_(lang), proposed.isoformat())
        try:
            on = date.fromisoformat(said) if said else proposed
        except ValueError:
            on = date.max
        if on <= today:
            return on
        _complain(screen, _FUTURE.in_(lang), lang)


def _complain(screen: Console, how: str, lang: str) -> None:
    screen.print(escape(_WRONG.in_(lang).format(how=how)), style="red")
