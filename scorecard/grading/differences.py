"""What changed between an earlier scorecard and this one, and why: the lines, the evidence, the waivers, the date."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from scorecard.evidence import Text, Unit
from scorecard.grading.past import Past, Question
from scorecard.grading.sentences import followed, quoted
from scorecard.quantities import both, day
from scorecard.scorecard import Judged, Scorecard, Verdict


class Cause(StrEnum):
    """Why a question stands differently, in the order of certainty: what was decided before what was found."""

    ADDED = "criterion added"
    REMOVED = "criterion removed"
    ASKED = "asked now"
    NOT_ASKED = "no longer asked"
    THRESHOLD = "threshold changed"
    BLOCKING = "blocking changed"
    WEIGHT = "weight changed"
    WAIVER_ENDED = "waiver ended"
    WAIVED = "waiver given"
    EXPIRED = "evidence expired"
    PRECONDITION = "precondition not met"
    EVIDENCE = "other evidence"
    RULE = "other rule"


VERDICTS = {
    Verdict.PASS: Text(en="met", fr="satisfait"),
    Verdict.WARN: Text(en="nearly met", fr="presque satisfait"),
    Verdict.FAIL: Text(en="not met", fr="non satisfait"),
    Verdict.UNKNOWN: Text(en="unknown", fr="inconnu"),
    Verdict.WAIVED: Text(en="not met, accepted for a time", fr="non satisfait, accepté pour un temps"),
    Verdict.NOT_APPLICABLE: Text(en="not asked", fr="non demandé"),
}


@dataclass(frozen=True)
class Change:
    """One question that stands differently; a verdict is None on the side where the catalogue has no such question."""

    criterion: str
    before: Verdict | None
    after: Verdict | None
    causes: tuple[Cause, ...]
    text: Text


def differences(old: Past, new: Scorecard) -> tuple[Change, ...]:
    """Every question whose verdict, line, weight or power to block differs, with the causes; verdicts first.

    Made for one run graded twice (another catalogue, policy, date), where the evidence is the same; it also serves two
    runs, whose evidence then is one of the causes.
    """
    now = {j.criterion.id: j for j in new.judged}
    found = []
    for name in sorted(old.questions.keys() | now.keys()):
        change = _change(name, old.questions.get(name), now.get(name), old, new)
        if change is not None:
            found.append(change)
    return tuple(sorted(found, key=lambda c: (c.before is c.after, c.criterion)))


def _change(name: str, was: Question | None, now: Judged | None, old: Past, new: Scorecard) -> Change | None:
    if now is None:
        assert was is not None
        title = Text(en=f"“{was.title}”", fr=f"« {was.title} »")
        text = Text(en=f"{title.en} is no longer in the catalogue.", fr=f"{title.fr} n’est plus dans le référentiel.")
        return Change(name, was.verdict, None, (Cause.REMOVED,), text)
    title = quoted(now.criterion.title)
    if was is None and now.verdict is Verdict.NOT_APPLICABLE:
        return None
    if was is None:
        text = Text(
            en=f"{title.en} is new in the catalogue: {VERDICTS[now.verdict].en}.",
            fr=f"{title.fr} est nouveau dans le référentiel : {VERDICTS[now.verdict].fr}.",
        )
        return Change(name, None, now.verdict, (Cause.ADDED,), followed(text, now.reason))
    causes = {**_decided(was, now, old), **({} if was.verdict is now.verdict else _found(was, now, old, new))}
    if was.verdict is now.verdict and not causes:
        return None
    return Change(name, was.verdict, now.verdict, tuple(causes), _sentence(title, was, now, causes))


def _decided(was: Question, now: Judged, old: Past) -> dict[Cause, Text]:
    """What somebody decided: the line, whether it blocks, its weight, whether it is asked at all."""
    criterion = now.criterion
    causes: dict[Cause, Text] = {}
    asked_then, asked_now = (v is not Verdict.NOT_APPLICABLE for v in (was.verdict, now.verdict))
    if asked_then != asked_now:
        causes[Cause.ASKED if asked_now else Cause.NOT_ASKED] = now.reason
    line = now.threshold.in_(old.lang)
    if was.threshold != line:
        causes[Cause.THRESHOLD] = Text(
            en=f"The line was “{was.threshold}”, it is “{line}”.",
            fr=f"Le seuil était « {was.threshold} », il est « {line} ».",
        )
    if was.blocking != criterion.blocking:
        causes[Cause.BLOCKING] = (
            Text(en="It blocks now.", fr="La question bloque désormais.")
            if criterion.blocking
            else Text(en="It blocks no longer.", fr="La question ne bloque plus.")
        )
    if was.weight != criterion.weight:
        then, weight = (both(w, Unit.COUNT, None) for w in (was.weight, criterion.weight))
        causes[Cause.WEIGHT] = Text(
            en=f"Its weight was {then.en}, it is {weight.en}.", fr=f"Son poids était {then.fr}, il est {weight.fr}."
        )
    return causes


def _found(was: Question, now: Judged, old: Past, new: Scorecard) -> dict[Cause, Text]:
    """What changed by itself: waivers and evidence that ran out, other evidence, a precondition."""
    if was.verdict is Verdict.WAIVED and now.verdict is Verdict.FAIL:
        return {Cause.WAIVER_ENDED: Text(en="The waiver no longer counts.", fr="La dérogation ne vaut plus.")}
    if now.verdict is Verdict.WAIVED and now.waiver is not None:
        return {Cause.WAIVED: now.waiver}
    if now.verdict is Verdict.UNKNOWN and now.expires_on is not None:
        on = now.expires_on
        return {
            Cause.EXPIRED: Text(
                en=f"Its evidence counted until {day(on, 'en')}.", fr=f"Sa preuve valait jusqu’au {day(on, 'fr')}."
            )
        }
    if now.waits_for is not None:
        return {Cause.PRECONDITION: now.reason}
    digests = {e.name: e.digest for e in new.evidence}
    if any(old.digests.get(name) != digests.get(name) for name in _files(was, now)):
        return {Cause.EVIDENCE: now.reason}
    return {} if _decided(was, now, old) else {Cause.RULE: now.reason}


def _files(was: Question, now: Judged) -> set[str]:
    """Names of the evidence that the question is or was read from."""
    return {pointer.split(".json#", 1)[0] for pointer in (*was.evidence, *now.evidence)} | {now.criterion.evidence}


def _sentence(title: Text, was: Question, now: Judged, causes: dict[Cause, Text]) -> Text:
    before, after = VERDICTS[was.verdict], VERDICTS[now.verdict]
    if was.verdict is now.verdict:
        said = Text(en=f"{title.en} is still {after.en}", fr=f"{title.fr} reste {after.fr}")
    else:
        said = Text(en=f"{title.en} was {before.en}, it is {after.en}", fr=f"{title.fr} : {before.fr}, puis {after.fr}")
    for why in causes.values():
        said = followed(said, why)
    return said
