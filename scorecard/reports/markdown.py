"""The scorecard as Markdown, for the summary of a CI job: the decision, the figures, what blocks, what is unknown."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from scorecard.evidence import Text, Unit
from scorecard.quantities import day, number, quantity
from scorecard.scorecard import Decision, DomainResult, GradeRange, Judged, Scorecard, Verdict

ACTIONS = 5
"""Actions shown; the JSON holds them all."""

_DECISIONS = {
    Decision.GO: Text(en="Go", fr="Feu vert"),
    Decision.CONDITIONAL: Text(en="Conditional go", fr="Feu vert sous conditions"),
    Decision.NO_GO: Text(en="No go", fr="Pas de feu vert"),
    Decision.UNDETERMINED: Text(en="Undetermined", fr="Indéterminé"),
}
_VERDICTS = {
    Verdict.PASS: Text(en="pass", fr="satisfait"),
    Verdict.WARN: Text(en="warning", fr="à surveiller"),
    Verdict.FAIL: Text(en="failure", fr="échec"),
    Verdict.UNKNOWN: Text(en="unknown", fr="inconnu"),
    Verdict.WAIVED: Text(en="waived", fr="dérogation"),
    Verdict.NOT_APPLICABLE: Text(en="not applicable", fr="sans objet"),
}
_DOMAINS = {
    "capacity": Text(en="Capacity", fr="Capacité"),
    "resilience": Text(en="Resilience", fr="Résilience"),
    "security": Text(en="Security", fr="Sécurité"),
    "trust": Text(en="Trust", fr="Confiance"),
    "integration": Text(en="Integration", fr="Intégration"),
    "operations": Text(en="Operations", fr="Exploitation"),
    "evolvability": Text(en="Evolvability", fr="Évolutivité"),
    "user-service": Text(en="User service", fr="Service à l’usager"),
    "reuse": Text(en="Reuse", fr="Réutilisation"),
    "change": Text(en="Change", fr="Conduite du changement"),
}
_COUNTED = (Verdict.PASS, Verdict.WARN, Verdict.FAIL, Verdict.WAIVED, Verdict.UNKNOWN)


def render(card: Scorecard, lang: str) -> str:
    """``card`` as GitHub-flavoured Markdown in ``lang``."""
    blocks = [
        f"# {_escaped(card.project.name)}{_colon(lang)} {_DECISIONS[card.decision].in_(lang)}",
        f"**{_escaped(card.decision_reason.in_(lang))}**",
        "\n".join(_figures(card, lang)),
        *_section(_BLOCKING, _criteria_lines(_blockers(card), lang), lang),
        *_section(_NEXT, _action_lines(card, lang), lang),
        *_section(_BY_DOMAIN, _domain_table(card.domains, lang), lang),
        *_section(_UNKNOWN, [*_criteria_lines(_unmeasured(card), lang), *_undeclared(card, lang)], lang),
        *_section(_PROBLEMS, [f"- {_escaped(p.in_(lang))}" for p in card.problems], lang),
    ]
    return "\n\n".join(blocks) + "\n"


_BLOCKING = Text(en="What blocks", fr="Ce qui bloque")
_NEXT = Text(en="What to do next", fr="Que faire ensuite")
_BY_DOMAIN = Text(en="By domain", fr="Par domaine")
_UNKNOWN = Text(en="What is not known", fr="Ce que l’on ne sait pas")
_PROBLEMS = Text(en="What to look at", fr="À vérifier")


def _figures(card: Scorecard, lang: str) -> Iterable[str]:
    fr = lang == "fr"
    grade = Text(en="Grade", fr="Note").in_(lang)
    yield f"- {grade}{_colon(lang)} {_grade(card.grade, lang)}"
    held = Text(en="Holds", fr="Tient").in_(lang)
    yield f"- {held}{_colon(lang)} {_capacity(card, lang)}"
    if card.capacity.bottleneck is not None:
        slow = Text(en="Slows first", fr="Ralentit en premier").in_(lang)
        yield f"- {slow}{_colon(lang)} {_escaped(card.capacity.bottleneck.in_(lang))}"
    if card.condition is not None:
        until = day(card.condition.until, lang)
        yield f"- {'Valable jusqu’au' if fr else 'Valid until'} {until}"
    yield f"- {'Jugé le' if fr else 'Judged on'} {day(card.graded_on, lang)}"


def _capacity(card: Scorecard, lang: str) -> str:
    held = card.capacity
    if held.users_low is None:
        unknown = _VERDICTS[Verdict.UNKNOWN].in_(lang)
        return unknown if held.reason is None else f"{unknown} ({_escaped(held.reason.in_(lang))})"
    low = quantity(held.users_low, Unit.USERS, lang)
    wanted = quantity(card.project.users, Unit.USERS, lang, None)
    if held.users_high is None:
        return f"au moins {low}, pour {wanted}" if lang == "fr" else f"at least {low}, for {wanted}"
    high = quantity(held.users_high, Unit.USERS, lang)
    if lang == "fr":
        return f"de {low} à {high}, pour {wanted}"
    return f"{low} to {high}, for {wanted}"


def _blockers(card: Scorecard) -> list[Judged]:
    """Blocking criteria that do not pass, failures before unknowns."""
    order = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.WAIVED, Verdict.WARN)
    found = [j for j in card.judged if j.criterion.blocking and j.verdict in order]
    return sorted(found, key=lambda j: order.index(j.verdict))


def _unmeasured(card: Scorecard) -> list[Judged]:
    return [j for j in _unknown(card) if j.criterion.basis == "measured"]


def _undeclared(card: Scorecard, lang: str) -> list[str]:
    """One line for all that nobody has declared: a page of them would hide what was looked at and not seen."""
    names = [f"`{j.criterion.id}`" for j in _unknown(card) if j.criterion.basis == "declared"]
    if not names:
        return []
    head = Text(en="not declared, or no longer valid", fr="non déclaré, ou plus valable").in_(lang)
    return [f"- {head} ({len(names)}){_colon(lang)} {', '.join(names)}"]


def _unknown(card: Scorecard) -> list[Judged]:
    return [j for j in card.judged if j.verdict is Verdict.UNKNOWN and not j.criterion.blocking]


def _criteria_lines(judged: Sequence[Judged], lang: str) -> list[str]:
    return [
        f"- {_VERDICTS[j.verdict].in_(lang)}{_colon(lang)} **{_escaped(j.criterion.title.in_(lang))}** "
        f"(`{j.criterion.id}`) – {_escaped(j.reason.in_(lang))}"
        for j in judged
    ]


def _action_lines(card: Scorecard, lang: str) -> list[str]:
    return [
        f"{rank}. {_escaped(action.text.in_(lang))} (`{action.criterion}`, +{number(action.gain, lang)} points)"
        for rank, action in enumerate(card.actions[:ACTIONS], start=1)
    ]


def _domain_table(domains: Sequence[DomainResult], lang: str) -> list[str]:
    heads = [Text(en="Domain", fr="Domaine"), Text(en="Grade", fr="Note"), *(_VERDICTS[v] for v in _COUNTED)]
    lines = ["| " + " | ".join(h.in_(lang) for h in heads) + " |", "|---|---|" + "--:|" * len(_COUNTED)]
    for domain in domains:
        counts = Counter(j.verdict for j in domain.judged)
        cells = [_DOMAINS[domain.id.value].in_(lang), _grade(domain.grade, lang), *(str(counts[v]) for v in _COUNTED)]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def _grade(grade: GradeRange | None, lang: str) -> str:
    if grade is None:
        return Text(en="nothing applies", fr="sans objet").in_(lang)
    if grade.low == grade.high:
        return grade.low
    return f"de {grade.low} à {grade.high}" if lang == "fr" else f"{grade.low} to {grade.high}"


def _section(title: Text, lines: Sequence[str], lang: str) -> list[str]:
    return [f"## {title.in_(lang)}", "\n".join(lines)] if lines else []


def _colon(lang: str) -> str:
    return "\u00a0:" if lang == "fr" else ":"


def _escaped(words: str) -> str:
    """Words of a tool or a person, which must not become markup: on one line, and harmless."""
    flat = re.sub(r"\s+", lambda m: m[0] if m[0] in ("\u00a0", "\u202f") else " ", words)
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", flat)
