"""Rules of a policy that compare a run with its baseline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scorecard.evidence import Finding, Severity, Text, Unit
from scorecard.gating import baseline as against
from scorecard.gating.case import LETTERS, Case, Said
from scorecard.gating.policy import Rules
from scorecard.quantities import quantity
from scorecard.reports import labels
from scorecard.reports.words import Words
from scorecard.scorecard import Judged

NAMED = 3
"""Criteria that a refusal names; the others are counted."""


def baseline(_rules: Rules, _case: Case) -> Iterator[Said]:
    """That one is given was checked before."""
    return iter(())


def new_failures(rules: Rules, case: Case) -> Iterator[Said]:
    """Too many failures that the baseline does not have."""
    assert case.baseline is not None
    assert rules.new_failures is not None
    found = against.new_failures(case.baseline, case.card)
    if len(found) > rules.new_failures:
        yield Said(
            _counted(
                found, Text(en="not met, and no failure in the baseline", fr="en échec, et pas dans la référence")
            ),
            criteria=_ids(found),
        )


def new_findings(rules: Rules, case: Case) -> Iterator[Said]:
    """Too many findings that the baseline does not have; what was not scanned again cannot be told."""
    assert case.baseline is not None
    found = against.new_findings(case.baseline, case.card)
    if found is None:
        yield Said(
            Text(
                en="the findings of the baseline are not known: a run folder holds them, its scorecard.json does not",
                fr="les constats de la référence ne sont pas connus : ils sont dans le dossier de la mesure, "
                "pas dans son scorecard.json",
            ),
            certain=False,
        )
        return
    order = list(Severity)
    for severity, most in rules.new_findings.items():
        grave = [one for one in found if order.index(one.severity) <= order.index(severity)]
        if len(grave) > most:
            yield Said(_findings(grave, severity, most))
    if unseen := against.not_scanned_again(case.baseline, case.card):
        names = ", ".join(unseen)
        yield Said(
            Text(
                en=f"not scanned to the end as in the baseline, so that new findings are not known: {names}",
                fr=f"pas examinés jusqu’au bout comme dans la référence, donc nouveaux constats inconnus : {names}",
            ),
            certain=False,
        )


def lost_answers(rules: Rules, case: Case) -> Iterator[Said]:
    """Too many answers that the baseline has."""
    assert case.baseline is not None
    assert rules.lost_answers is not None
    found = against.lost_answers(case.baseline, case.card)
    if len(found) > rules.lost_answers:
        yield Said(
            _counted(
                found, Text(en="answered in the baseline, unknown now", fr="connu dans la référence, inconnu ici")
            ),
            criteria=_ids(found),
        )


def grade_drop(rules: Rules, case: Case) -> Iterator[Said]:
    """A low end that fell too far."""
    assert case.baseline is not None
    assert rules.grade_drop is not None
    before, now = case.baseline.past.grade.low, case.card.grade.low
    if LETTERS.index(now) - LETTERS.index(before) > rules.grade_drop:
        yield Said(
            Text(
                en=f"the low end of the grade fell from {before} to {now}",
                fr=f"la borne basse de la note est passée de {before} à {now}",
            )
        )


def capacity_drop(rules: Rules, case: Case) -> Iterator[Said]:
    """Users held that were lost; unknown on either side cannot be told."""
    assert case.baseline is not None
    assert rules.capacity_drop is not None
    before, now = case.baseline.past.users_low, case.card.capacity.users_low
    if before is None:
        yield Said(
            Text(
                en="the users held are not known in the baseline",
                fr="la référence ne dit pas combien d’usagers il peut accueillir",
            ),
            certain=False,
        )
    elif now is None:
        yield Said(
            Text(en="the users held are not known", fr="on ne sait pas combien d’usagers il peut accueillir"),
            certain=False,
        )
    elif now < before * (1 - rules.capacity_drop):
        were = {lang: quantity(before, Unit.USERS, lang) for lang in ("en", "fr")}
        are = {lang: quantity(now, Unit.USERS, lang) for lang in ("en", "fr")}
        yield Said(
            Text(
                en=f"it held {were['en']} at least, now {are['en']}",
                fr=f"il pouvait accueillir au moins {were['fr']}, maintenant {are['fr']}",
            )
        )


def _findings(found: Sequence[Finding], severity: Severity, most: int) -> Text:
    order, more = list(Severity), len(found) - NAMED
    worst = sorted(found, key=lambda one: (order.index(one.severity), one.location, one.rule))[:NAMED]
    places = ", ".join(f"{one.rule} ({one.location})" for one in worst)
    name = {lang: Words(lang).name(labels.SEVERITIES, severity) for lang in ("en", "fr")}
    return Text(
        en=f"{len(found)} new findings of severity “{name['en']}” or graver, at most {most}: {places}"
        + (f" and {more} more" if more > 0 else ""),
        fr=f"{len(found)} nouveaux constats de gravité « {name['fr']} » ou plus, {most} au plus : {places}"
        + (f" et {more} de plus" if more > 0 else ""),
    )


def _counted(judged: Sequence[Judged], what: Text) -> Text:
    shown, more = judged[:NAMED], len(judged) - NAMED
    en = ", ".join(f"“{j.criterion.title.en}”" for j in shown) + (f" and {more} more" if more > 0 else "")
    fr = ", ".join(f"« {j.criterion.title.fr} »" for j in shown) + (f" et {more} de plus" if more > 0 else "")
    return Text(en=f"{len(judged)} {what.en}: {en}", fr=f"{len(judged)} {what.fr} : {fr}")


def _ids(judged: Sequence[Judged]) -> tuple[str, ...]:
    return tuple(j.criterion.id for j in judged)
