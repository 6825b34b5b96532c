"""Rules of a policy that ask something of the run itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from scorecard.criteria import Domain
from scorecard.evidence import Text, Unit
from scorecard.gating.case import LETTERS, Case, Said
from scorecard.gating.policy import Rules
from scorecard.grading.waivers import in_force
from scorecard.quantities import day, quantity
from scorecard.reports import labels
from scorecard.reports.words import Words
from scorecard.scorecard import Decision, GradeRange, Verdict


def accept(rules: Rules, case: Case) -> Iterator[Said]:
    """A conditional go where only a go is accepted; no go and undetermined are refused by themselves."""
    assert rules.accept is not None
    match case.card.decision:
        case Decision.GO | Decision.NO_GO | Decision.UNDETERMINED:  # the last two are refused by themselves
            return
        case Decision.CONDITIONAL:
            if "conditional" not in rules.accept:
                yield Said(
                    Text(en="a conditional go is not accepted here", fr="un feu vert sous conditions ne suffit pas ici")
                )
        case _:
            assert_never(case.card.decision)


def conditional_until(rules: Rules, case: Case) -> Iterator[Said]:
    """A policy read on a day and applied on a later one (``--on``)."""
    until = rules.conditional_until
    assert until is not None
    if case.card.decision is Decision.CONDITIONAL and until < case.today:
        yield Said(
            Text(
                en=f"a conditional go was accepted until {day(until, 'en')}",
                fr=f"un feu vert sous conditions était accepté jusqu’au {day(until, 'fr')}",
            )
        )


def grade(rules: Rules, case: Case) -> Iterator[Said]:
    """A grade whose low end is under the least one."""
    assert rules.grade is not None
    yield from _least(case.card.grade, rules.grade, Text(en="the grade", fr="la note"))


def domains(rules: Rules, case: Case) -> Iterator[Said]:
    """A domain whose low end is under the least one; one of which nothing applies asks nothing."""
    grades = {domain.id: domain.grade for domain in case.card.domains}
    for domain, least in rules.domains.items():
        grade = grades.get(domain)
        if grade is not None:  # a domain of which nothing applies asks nothing
            yield from _least(grade, least, _name(domain))


def _least(grade: GradeRange, least: str, what: Text) -> Iterator[Said]:
    """The low end must reach ``least``: what is not known counts as not met."""
    if LETTERS.index(grade.low) <= LETTERS.index(least):
        return
    en = grade.low if grade.low == grade.high else f"{grade.low} to {grade.high}"
    fr = grade.low if grade.low == grade.high else f"{grade.low} à {grade.high}"
    yield Said(
        Text(en=f"{what.en} is {en}, and {least} at least is asked", fr=f"{what.fr} est {fr}, il faut au moins {least}")
    )


def coverage(rules: Rules, case: Case) -> Iterator[Said]:
    """Too many questions without an answer."""
    assert rules.coverage is not None
    if case.card.coverage < rules.coverage:
        has, asked = (
            {lang: quantity(value, Unit.RATIO, lang) for lang in ("en", "fr")}
            for value in (case.card.coverage, rules.coverage)
        )
        yield Said(
            Text(
                en=f"{has['en']} of the questions have an answer, and {asked['en']} at least is asked",
                fr=f"{has['fr']} des questions ont une réponse, il en faut au moins {asked['fr']}",
            )
        )


def max_age_days(rules: Rules, case: Case) -> Iterator[Said]:
    """An observation that is too old, in the future, or not dated."""
    assert rules.max_age_days is not None
    begun = [e.provenance.started.date() for e in case.card.evidence if e.provenance is not None]
    if not begun:
        yield Said(Text(en="no observation says when it was made", fr="aucune observation n’est datée"), certain=False)
        return
    oldest, newest = min(begun), max(begun)
    if newest > case.today:
        yield Said(
            Text(
                en=f"an observation is dated {day(newest, 'en')}, in the future",
                fr=f"une observation est datée du {day(newest, 'fr')}, dans le futur",
            ),
            certain=False,
        )
    age = (case.today - oldest).days
    if age > rules.max_age_days:
        asked = {lang: quantity(rules.max_age_days, Unit.DAYS, lang) for lang in ("en", "fr")}
        old = {lang: quantity(age, Unit.DAYS, lang) for lang in ("en", "fr")}
        yield Said(
            Text(
                en=f"the oldest observation is {old['en']} old, {asked['en']} at most are asked",
                fr=f"la plus ancienne observation a {old['fr']}, il en faut {asked['fr']} au plus",
            )
        )


def blocking(rules: Rules, case: Case) -> Iterator[Said]:
    """A question that blocks here and is not met, or unknown; nearly met or waived is a condition."""
    for judged in (j for j in case.card.judged if j.criterion.id in rules.blocking):
        title = judged.criterion.title
        match judged.verdict:
            case Verdict.PASS | Verdict.NOT_APPLICABLE:
                continue
            case Verdict.UNKNOWN | Verdict.FAIL | Verdict.WARN | Verdict.WAIVED:
                word = {lang: Words(lang).name(labels.VERDICTS, judged.verdict) for lang in ("en", "fr")}
            case _:
                assert_never(judged.verdict)
        if judged.verdict in (Verdict.WARN, Verdict.WAIVED) and (rules.accept is None or "conditional" in rules.accept):
            continue  # a condition, as it is for any blocking question
        yield Said(
            Text(en=f"“{title.en}” blocks here and is {word['en']}", fr=f"« {title.fr} » bloque ici ({word['fr']})"),
            certain=judged.verdict is not Verdict.UNKNOWN,
            criteria=(judged.criterion.id,),
        )


def waivers(rules: Rules, case: Case) -> Iterator[Said]:
    """Too many waivers in force."""
    assert rules.waivers is not None
    known = [j.criterion.id for j in case.card.judged]
    counted = len(in_force(case.waivers, known, case.today))
    if counted > rules.waivers:
        yield Said(
            Text(
                en=f"waivers in force: {counted}, at most {rules.waivers} are accepted",
                fr=f"dérogations en vigueur : {counted}, {rules.waivers} au plus sont acceptées",
            )
        )


def _name(domain: Domain) -> Text:
    return Text(en=Words("en").name(labels.DOMAINS, domain), fr=Words("fr").name(labels.DOMAINS, domain))
