"""How high the first sheet is in print, so that the printed page can choose letters that let it end with the signature.

An estimate from the lengths of its words: a style sheet cannot measure. The PDF measures, and needs none of this. The
figures are pixels of the print style, fitted to 315 sheets of ever longer words that Chromium printed.
"""

from __future__ import annotations

from math import ceil

from scorecard.reports import ledger, measured, sheet
from scorecard.reports.words import Words
from scorecard.scorecard import Scorecard

MOST = 975.0
"""Height above which the letters are smaller: no sheet that the estimate put below 980 ran over the 1005 of A4."""

_HEADING = 32.0
_REST = 50.0 + 72.0 + 45.0
"""What is always there: the name of the project, who measured when, the signature."""


def crowded(card: Scorecard, words: Words) -> bool:
    """Whether the first sheet of ``card`` holds more than the usual letters leave room for."""
    return height(card, words) > MOST


def height(card: Scorecard, words: Words) -> float:
    """Pixels from the name of the project to the signature; texts that are cut short count as they are shown."""
    name = 24.0 * (_rows(card.project.name, 60) - 1)
    capacity = 244.0 if len(measured.demand_over_day(card)) > 1 else 117.0
    actions = max(197.0, _HEADING + _actions(card, words))
    low = _HEADING + max(_official(card, words), _word(card, words))
    return _REST + name + _decision(card, words) + capacity + actions + low


def _decision(card: Scorecard, words: Words) -> float:
    head, sentence = sheet.headline(card, words)
    reasons = () if card.condition is None else (*sheet.conditions(card, words), words.say(card.condition.revocation))
    if card.condition is None and card.validity is not None:
        reasons = (words.say(card.validity.sentence),)
    return 63.0 + 15.0 * _rows(head, 62) + 14.5 * _rows(sentence, 95) + 13.0 * _rows(" ".join(reasons), 125)


def _actions(card: Scorecard, words: Words) -> float:
    shown = card.actions[: sheet.MOST_ACTIONS]
    texts = sum(min(3, _rows(words.say(a.text), 60)) for a in shown)
    efforts = sum(min(2, _rows(f"{words.moves(a)}{a.command or ''}", 40)) for a in shown)
    return 5.4 * len(shown) + 13.0 * texts + 11.0 * efforts


def _official(card: Scorecard, words: Words) -> float:
    known = sheet.known_indicators(card)
    grey = ", ".join(words.say(i.title) for i in sheet.unknown_indicators(card))
    longer = sum(_rows(words.say(i.title), 34) - 1 for i in known[: sheet.MOST_COLOURS])
    return 17.7 * min(len(known), sheet.MOST_COLOURS) + 11.0 * longer + 12.5 * _rows(grey, 46)


def _word(card: Scorecard, words: Words) -> float:
    problems = sum(min(2, _rows(words.say(p), 62)) for p in card.problems[: sheet.MOST_PROBLEMS])
    waivers = min(len(ledger.waived(card)), ledger.SOONEST)
    lines = 2 + (len(ledger.undeclared(card)) > 0) + waivers + problems
    return 14.5 * len(ledger.soonest(card)) + 12.5 * lines + 17.0 * ((waivers > 0) + (problems > 0))


def _rows(text: str, length: int) -> int:
    return ceil(len(text) / length)
