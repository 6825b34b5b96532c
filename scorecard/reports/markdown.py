"""The scorecard as Markdown, for the summary of a CI job: the decision, the figures, what blocks, what is unknown."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from scorecard.evidence import Text
from scorecard.reports import labels, sheet
from scorecard.reports.words import Lang, Words
from scorecard.scorecard import DomainResult, GradeRange, Judged, Scorecard, Verdict

ACTIONS = 5
"""Actions shown; the JSON holds them all."""

_COUNTED = (Verdict.PASS, Verdict.WARN, Verdict.FAIL, Verdict.WAIVED, Verdict.UNKNOWN)
_BLOCKING = Text(en="What blocks", fr="Ce qui bloque")
_CONFIRMED = Text(en="Shown by the code and proved by a request", fr="Visible dans le code et prouvé par une requête")
_NEXT = Text(en="What to do next", fr="Que faire maintenant")
_BY_DOMAIN = Text(en="By domain", fr="Par domaine")
_UNKNOWN = Text(en="What is not known", fr="Ce que l’on ne sait pas")
_PROBLEMS = Text(en="What to be wary of", fr="Ce qui appelle la prudence")


def render(card: Scorecard, lang: str) -> str:
    """``card`` as GitHub-flavoured Markdown in ``lang``, in the words of the page."""
    known: Lang = "fr" if lang == "fr" else "en"
    words = Words(known)
    blocks = [
        f"# {_escaped(card.project.name)}{_colon(words)} {words.name(labels.DECISIONS, card.decision)}",
        f"**{_said(card.decision_reason, words)}**",
        "\n".join(_figures(card, words)),
        *_section(_BLOCKING, _criteria_lines(_blockers(card), words), words),
        *_section(_CONFIRMED, _confirmed_lines(card, words), words),
        *_section(_NEXT, _action_lines(card, words), words),
        *_section(_BY_DOMAIN, _domain_table(card.domains, words), words),
        *_section(_UNKNOWN, [*_not_seen(card, words), *_undeclared(card, words)], words),
        *_section(_PROBLEMS, [f"- {_said(p, words)}" for p in card.problems], words),
    ]
    return "\n\n".join(blocks) + "\n"


def _figures(card: Scorecard, words: Words) -> Iterable[str]:
    capacity, colon = card.capacity, _colon(words)
    yield f"- {words.gettext('Grade')}{colon} {_grade(card.grade, words)}"
    held = f"{words.say(capacity.sentence)} {words.say(capacity.reason)}".strip()
    yield f"- {words.gettext('Capacity')}{colon} {_escaped(held)}"
    if capacity.bottleneck is not None:
        slow = Text(en="What slows it", fr="Ce qui le ralentit")
        yield f"- {words.say(slow)}{colon} {_said(capacity.bottleneck, words)}"
    if card.condition is not None:
        until = Text(en="Valid until", fr="Valable jusqu’au")
        yield f"- {words.say(until)} {words.date(card.condition.until)}"
    if card.validity is not None:
        yield f"- {_said(card.validity.sentence, words)}"
    yield f"- {words.say(Text(en='Assessed on', fr='Évalué le'))} {words.date(card.graded_on)}"


def _blockers(card: Scorecard) -> list[Judged]:
    """Blocking criteria that do not pass, failures before unknowns."""
    order = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.WAIVED, Verdict.WARN)
    found = [j for j in card.judged if j.criterion.blocking and j.verdict in order]
    return sorted(found, key=lambda j: order.index(j.verdict))


def _not_seen(card: Scorecard, words: Words) -> list[str]:
    """What was not measured: one line for each reason, since one cause often leaves many questions open."""
    by_reason: dict[str, list[Judged]] = {}
    for judged in _unknown(card):
        if judged.criterion.basis == "measured":
            by_reason.setdefault(_said(judged.reason, words), []).append(judged)
    unknown = words.name(labels.VERDICTS, Verdict.UNKNOWN)
    lines = []
    for reason, open_ in by_reason.items():
        if len(open_) == 1:
            lines += _criteria_lines(open_, words)
        else:
            lines.append(f"- {unknown} ({len(open_)}){_colon(words)} {_names(open_)} – {reason}")
    return lines


def _undeclared(card: Scorecard, words: Words) -> list[str]:
    """All that nobody has declared, folded: a page of it would hide what was looked at and not seen."""
    open_ = [j for j in _unknown(card) if j.criterion.basis == "declared"]
    if not open_:
        return []
    head = words.say(Text(en="not declared, or no longer valid", fr="non déclaré, ou plus valable"))
    return ["", f"<details><summary>{head} ({len(open_)})</summary>", "", _names(open_), "", "</details>"]


def _names(judged: Sequence[Judged]) -> str:
    return ", ".join(f"`{j.criterion.id}`" for j in judged)


def _unknown(card: Scorecard) -> list[Judged]:
    return [j for j in card.judged if j.verdict is Verdict.UNKNOWN and not j.criterion.blocking]


def _criteria_lines(judged: Sequence[Judged], words: Words) -> list[str]:
    return [
        f"- {words.name(labels.VERDICTS, j.verdict)}{_colon(words)} **{_said(j.criterion.title, words)}** "
        f"(`{j.criterion.id}`) – {_said(j.reason, words)}"
        for j in judged
    ]


def _action_lines(card: Scorecard, words: Words) -> list[str]:
    return [
        f"{rank}. {_said(action.text, words)} (`{action.criterion}`, {words.gain(action)})"
        for rank, action in enumerate(card.actions[:ACTIONS], start=1)
    ]


def _confirmed_lines(card: Scorecard, words: Words) -> list[str]:
    return [
        f"- {words.name(labels.SEVERITIES, group.findings[0].severity)} – {_escaped(group.place)} "
        f"({_escaped(group.weakness)}){_colon(words)} " + _escaped(sheet.both_sides(group, words))
        for group in sheet.confirmed(card)[: sheet.MOST_FINDINGS]
    ]


def _domain_table(domains: Sequence[DomainResult], words: Words) -> list[str]:
    heads = [words.say(Text(en="Domain", fr="Domaine")), words.gettext("Grade")]
    heads += [words.name(labels.VERDICTS, v) for v in _COUNTED]
    lines = [f"| {' | '.join(heads)} |", "|---|---|" + "--:|" * len(_COUNTED)]
    for domain in domains:
        counts = Counter(j.verdict for j in domain.judged)
        cells = [words.name(labels.DOMAINS, domain.id), _grade(domain.grade, words)]
        lines.append(f"| {' | '.join([*cells, *(str(counts[v]) for v in _COUNTED)])} |")
    return lines


def _grade(grade: GradeRange | None, words: Words) -> str:
    if grade is None:
        return words.gettext("does not apply")
    if grade.low == grade.high:
        return grade.low
    return words.gettext("between %(low)s and %(high)s") % {"low": grade.low, "high": grade.high}


def _section(title: Text, lines: Sequence[str], words: Words) -> list[str]:
    return [f"## {words.say(title)}", "\n".join(lines)] if lines else []


def _colon(words: Words) -> str:
    return "\u00a0:" if words.lang == "fr" else ":"


def _said(text: Text, words: Words) -> str:
    return _escaped(words.say(text))


def _escaped(words: str) -> str:
    """Words of a tool or a person, which must not become markup: on one line, and harmless."""
    flat = re.sub(r"\s+", lambda m: m[0] if m[0] in ("\u00a0", "\u202f") else " ", words)
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", flat)
