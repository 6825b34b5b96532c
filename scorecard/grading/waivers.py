"""Waivers: failures that somebody accepts for a time. They never cover an unknown, and none goes unlisted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import assert_never

from scorecard.evidence import Text
from scorecard.grading.sentences import quoted
from scorecard.project import Waiver
from scorecard.quantities import day
from scorecard.scorecard import Judged, Verdict


def in_force(waivers: Sequence[Waiver], criteria: Iterable[str], today: date) -> dict[str, Waiver]:
    """Waivers that count on ``today`` (their last day included), by criterion; two for one void each other."""
    known = set(criteria)
    times = Counter(w.criterion for w in waivers)
    return {w.criterion: w for w in waivers if w.criterion in known and w.expires >= today and times[w.criterion] == 1}


def describe(waiver: Waiver) -> Text:
    """Who accepted, until when, and why (in the words of the one who accepted)."""
    return Text(
        en=f"Accepted until {day(waiver.expires, 'en')} by {waiver.approver}: {waiver.reason}",
        fr=f"Accepté jusqu’au {day(waiver.expires, 'fr')} par {waiver.approver} : {waiver.reason}",
    )


def problems(waivers: Sequence[Waiver], judged: Mapping[str, Judged], today: date) -> list[Text]:
    """One sentence for each waiver that covers nothing, with the reason."""
    times = Counter(w.criterion for w in waivers)
    found = (_problem(w, judged.get(w.criterion), times[w.criterion], today) for w in waivers)
    return [text for text in found if text is not None]


def _problem(waiver: Waiver, judged: Judged | None, times: int, today: date) -> Text | None:
    name = waiver.criterion
    if judged is None:
        return Text(
            en=f"The waiver of “{name}” counts for nothing: there is no such criterion.",
            fr=f"La dérogation sur « {name} » est sans effet : ce critère n’existe pas.",
        )
    title = quoted(judged.criterion.title)
    if times > 1:
        return Text(
            en=f"The waivers of {title.en} count for nothing: there are {times} of them.",
            fr=f"Les dérogations sur {title.fr} sont sans effet : il y en a {times}.",
        )
    if waiver.expires < today:
        return Text(
            en=f"The waiver of {title.en} expired on {day(waiver.expires, 'en')}.",
            fr=f"La dérogation sur {title.fr} a expiré le {day(waiver.expires, 'fr')}.",
        )
    return _useless(title, judged.verdict)


def _useless(title: Text, verdict: Verdict) -> Text | None:
    match verdict:
        case Verdict.WAIVED:
            return None
        case Verdict.UNKNOWN:
            return Text(
                en=f"The waiver of {title.en} counts for nothing: a waiver covers a failure, and this is unknown.",
                fr=f"La dérogation sur {title.fr} est sans effet : elle ne couvre qu’un échec, et ceci est inconnu.",
            )
        case Verdict.PASS | Verdict.WARN | Verdict.NOT_APPLICABLE | Verdict.FAIL:
            return Text(
                en=f"The waiver of {title.en} is not needed: nothing fails there.",
                fr=f"La dérogation sur {title.fr} est inutile : rien n’y échoue.",
            )
        case _:
            assert_never(verdict)
