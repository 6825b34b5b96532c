"""The words of the sheet that is signed, as data for the PDF: those of the page, in its order."""

from __future__ import annotations

from typing import Any

from scorecard.evidence import Unit
from scorecard.reports import describe, drawings, labels, ledger, origin, plots, sheet
from scorecard.reports.words import Words
from scorecard.scorecard import Colour, Decision, GradeRange, Scorecard

_TONES = {Decision.GO: "good", Decision.CONDITIONAL: "warn", Decision.NO_GO: "bad", Decision.UNDETERMINED: "soft"}
_LETTERS = {"A": "good", "B": "good", "C": "warn", "D": "warn", "E": "bad", "F": "bad"}
_CHIPS = {
    Colour.GREEN: ("green", "#ffffff"),
    Colour.YELLOW: ("yellow", "#1b1e25"),
    Colour.RED: ("red", "#ffffff"),
    Colour.GREY: (None, "#4d525c"),
}


def front(card: Scorecard, words: Words) -> dict[str, Any]:
    """Everything on the first sheet of ``card``."""
    project = card.project
    meta = [words.name(labels.KINDS, project.kind)]
    if project.tier is not None:
        meta.append(words.name(labels.TIERS, project.tier))
    meta.append(words.counted(labels.TO_SERVE, project.users))
    if project.agents:
        meta.append(words.counted(labels.AGENTS, project.agents))
    return {
        "title": project.name,
        "kicker": words.gettext("Readiness assessment"),
        "meta": " · ".join([*meta, words.gettext("assessed on %(date)s") % {"date": words.date(card.graded_on)}]),
        "decision": _decision(card, words),
        "capacity": _capacity(card, words),
        "domains": _domains(card, words),
        "actions": _actions(card, words),
        "official": _official(card, words),
        "word": _word(card, words),
        "imprint": _imprint(card, words),
        "signature": [
            words.gettext("Decision taken"),
            words.gettext("Name and office"),
            words.gettext("Date and signature"),
        ],
    }


def _decision(card: Scorecard, words: Words) -> dict[str, Any]:
    head, sentence = sheet.headline(card, words)
    tone = _TONES[card.decision]
    key = [words.gettext("A is best, F is worst.")]
    if card.coverage > 0 and card.measured_share < 1:
        message = words.gettext("Of what is answered, %(share)s was measured; the rest is on somebody’s word.")
        key.insert(0, message % {"share": words.share(card.measured_share)})
    return {
        "head": head,
        "sentence": sentence,
        "tone": tone,
        "svg": drawings.sign(card.decision.value, tone, words),
        "conditions": _conditions(card, words),
        "scale": _scale(card.grade),
        "grade": words.gettext("Grade %(grade)s") % {"grade": words.grade(card.grade)} + ".",
        "open": words.unanswered(sheet.without_answer(card.judged), sheet.asked(card.judged)),
        "key": " ".join(key),
    }


def _conditions(card: Scorecard, words: Words) -> list[str]:
    if card.condition is None:
        return [words.say(card.validity.sentence)] if card.validity is not None else []
    because = sheet.conditions(card, words) or (words.gettext("too many questions are open or not met"),)
    ends = words.say(card.condition.revocation) or words.gettext(
        "A new assessment that comes out worse ends it at once."
    )
    return [" ".join([words.gettext("Because"), "; ".join(because)]), ends]


def _capacity(card: Scorecard, words: Words) -> dict[str, Any]:
    bar, drawn = sheet.users_bar(card), plots.day(card, words)
    to_serve = words.gettext("%(wanted)s to serve") % {"wanted": words.quantity(card.project.users, Unit.USERS)}
    scale: dict[str, Any] = {"known": False, "wanted": 0.94, "to_serve": to_serve}
    if bar is not None and bar.wanted is not None:
        ends = {"low": bar.at(bar.low) / 100, "high": bar.at(bar.end) / 100, "wanted": bar.at(bar.wanted) / 100}
        scale |= {"known": True, "held": sheet.held_words(card, words), **ends}
    drawing = {"svg": drawings.plot(drawn[0], "day desk", words), "alt": describe.day(card, words)} if drawn else None
    slow = card.capacity.bottleneck
    return {
        "heading": words.gettext("How many users it holds"),
        "sentence": " ".join([words.say(card.capacity.sentence), words.say(card.capacity.reason)]).strip(),
        "bar": scale,
        "peak": sheet.peak(card, words),
        "slow": None if slow is None else [words.gettext("What slows it:"), f"{words.say(slow)}."],
        "plot": drawing,
        "absent": words.gettext("Not worked out: the run holds no demand over the day."),
    }


def _domains(card: Scorecard, words: Words) -> dict[str, Any]:
    rows = []
    for domain in card.domains:
        unknown, count = sheet.nothing_known(domain), sheet.without_answer(domain.judged)
        numbers = {"number": words.number(count), "all": words.number(sheet.asked(domain.judged))}
        known = words.gettext("does not apply") if domain.grade is None else words.grade(domain.grade)
        rows.append({
            "name": words.name(labels.DOMAINS, domain.id),
            "cells": None if domain.grade is None else _scale(domain.grade),
            "unknown": unknown,
            "words": words.gettext("unknown") if unknown else known,
            "open": words.gettext("%(number)s of %(all)s unanswered") % numbers if count else "",
        })  # fmt: skip
    columns = [words.gettext("Domain"), words.gettext("From A to F"), words.gettext("Grade")]
    return {"heading": words.gettext("Ten domains on one scale"), "columns": columns, "rows": rows}


def _actions(card: Scorecard, words: Words) -> dict[str, Any]:
    items = []
    for action in card.actions[: sheet.MOST_ACTIONS]:
        effort = words.name(labels.EFFORTS, action.effort)
        rest = [effort, *([] if action.command is None else [action.command]), words.moves(action)]
        kind = words.name(labels.ACTIONS, action.kind)
        items.append({"text": words.say(action.text), "kind": kind, "rest": " · ".join(["", *rest]).strip()})
    none = words.gettext("Nothing is left to fix or to measure.")
    return {"heading": words.gettext("What to do next"), "items": items, "none": none}


def _official(card: Scorecard, words: Words) -> dict[str, Any]:
    grey = sheet.unknown_indicators(card)
    names = words.gettext("not known:") + " " + ", ".join(words.say(i.title) for i in grey)
    return {
        "heading": words.gettext("Official indicators at the busiest moment"),
        "columns": [words.gettext("Colour"), words.gettext("Indicator"), words.gettext("Value")],
        "rows": [
            chip(i.colour, words) | {"title": words.say(i.title), "shown": words.say(i.shown)}
            for i in sheet.known_indicators(card)
        ],
        "grey": chip(Colour.GREY, words) | {"names": names} if grey else None,
        "none": words.gettext("No official indicator was worked out for this service.") if not grey else "",
    }


def chip(colour: Colour, words: Words) -> dict[str, Any]:
    """An official colour: its word, its shape, its tone (None: an outline) and the ink on it."""
    tone, ink = _CHIPS[colour]
    word = words.name(labels.COLOURS, colour)
    return {"word": word, "tone": tone, "ink": ink, "svg": drawings.shape(colour, ink, words)}


def _word(card: Scorecard, words: Words) -> dict[str, Any]:
    given, missing, waivers = ledger.declared(card), ledger.undeclared(card), ledger.waived(card)
    none = words.gettext("Nothing that counts was declared.")
    no_date = words.gettext("no date given")
    rest = len(given) - ledger.SOONEST
    more = [words.counted(labels.LAPSE_LATER, rest)] if rest > 0 else []
    if missing:
        more.append(words.counted(labels.MISSING_DECLARATIONS, len(missing)) + ".")
    lists = []
    if waivers:
        named = [words.say(j.criterion.title) for j in waivers[: ledger.SOONEST]]
        lists.append({"heading": words.counted(labels.ACCEPTED, len(waivers)), "items": named})
    if card.problems:
        shown = [words.say(p) for p in card.problems[: sheet.MOST_PROBLEMS]]
        lists.append({"heading": words.gettext("What to be wary of"), "items": shown})
    return {
        "heading": words.gettext("On somebody’s word only"),
        "lead": words.counted(labels.DECLARED, len(given)) if given else none,
        "until": [
            [no_date if d.until is None else words.date(d.until), words.say(d.judged.criterion.title)]
            for d in ledger.soonest(card)
        ],
        "more": more,
        "lists": lists,
    }


def _imprint(card: Scorecard, words: Words) -> dict[str, Any]:
    span = origin.span(card)
    when = words.gettext("no observation was made") if span is None else words.span(*span)
    machines = "; ".join(words.machine(m) for m in origin.machines(card)) or words.gettext("unknown")
    return {
        "heading": words.gettext("Who, when, on what"),
        "rows": [
            [words.gettext("Measured with"), ", ".join(origin.tools(card)) or words.gettext("nothing"), False],
            [words.gettext("When"), when, False],
            [words.gettext("On what machine"), machines, False],
            [words.gettext("Digest of the evidence"), origin.digest(card), True],
        ],
    }


def _scale(grade: GradeRange) -> list[dict[str, str]]:
    return [{"letter": c.letter, "state": c.state, "tone": _LETTERS[c.letter]} for c in sheet.cells(grade)]
