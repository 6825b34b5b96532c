"""What ends a conditional go before its day: an assessment that comes out worse than the accepted one."""

from __future__ import annotations

from scorecard.evidence import Text, Unit
from scorecard.grading.past import Past
from scorecard.grading.sentences import followed, quoted
from scorecard.quantities import both, day, rounded_down
from scorecard.scorecard import Decision, Judged, Scorecard, Verdict

_RANKS = {Verdict.PASS: 2, Verdict.WARN: 1, Verdict.FAIL: 0, Verdict.WAIVED: 0}
"""A waived failure is still a failure."""


def revoked_by(accepted: Past, card: Scorecard) -> tuple[Text, ...]:
    """Every reason why ``card`` revokes the go that was given under ``accepted``; empty when it stands.

    A go is revoked when its condition has run out, when an answer that counted is worse, when a question that was
    answered and blocks has no answer any more or one that was answered is no longer asked, when fewer users are held
    than it was given for, and when the decision itself no longer opens the gate. Where ``accepted`` gave no go there
    is nothing to revoke, which is no pass: ``card`` stands for itself.
    """
    if accepted.decision not in (Decision.GO, Decision.CONDITIONAL):
        return ()
    found = [*_over(accepted, card), *_worse(accepted, card), *_fewer_users(accepted, card)]
    if not found and card.decision not in (Decision.GO, Decision.CONDITIONAL):
        found.append(
            followed(Text(en="The gate is closed now", fr="Le contrôle refuse désormais"), card.decision_reason)
        )
    return tuple(found)


def terms(users_cap: int | None) -> Text:
    """What revokes a conditional go for ``users_cap`` users, for the one who signs it."""
    en = "Any later assessment revokes it in which a question is answered worse, or one that blocks loses its answer"
    fr = (
        "Toute évaluation ultérieure y met fin si une réponse y est moins bonne, "
        "ou si une question bloquante y perd la sienne"
    )
    if users_cap is None:
        return Text(en=f"{en}.", fr=f"{fr}.")
    users = both(users_cap, Unit.USERS, None)
    return Text(en=f"{en}, or that shows fewer than {users.en}.", fr=f"{fr}, ou si elle montre moins de {users.fr}.")


def _over(accepted: Past, card: Scorecard) -> list[Text]:
    if accepted.until is None or card.graded_on <= accepted.until:
        return []
    return [
        Text(
            en=f"The conditional go ended on {day(accepted.until, 'en')}.",
            fr=f"Le feu vert sous conditions a pris fin le {day(accepted.until, 'fr')}.",
        )
    ]


def _worse(accepted: Past, card: Scorecard) -> list[Text]:
    now = {j.criterion.id: j for j in card.judged}
    found = []
    for name in sorted(accepted.verdicts, key=lambda n: (n not in now or not now[n].criterion.blocking, n)):
        before, judged = accepted.verdicts[name], now.get(name)
        if before not in _RANKS:
            continue
        if judged is None or judged.verdict is Verdict.NOT_APPLICABLE:
            found.append(_no_longer_asked(name, judged))
        elif judged.verdict is Verdict.UNKNOWN and judged.criterion.blocking:
            title = quoted(judged.criterion.title)
            lost = Text(en=f"{title.en} has no answer any more", fr=f"{title.fr} n’a plus de réponse")
            found.append(followed(lost, judged.reason))
        elif judged.verdict in _RANKS and _RANKS[judged.verdict] < _RANKS[before]:
            title = quoted(judged.criterion.title)
            fell = Text(en=f"{title.en} is worse than accepted", fr=f"{title.fr} est moins bon qu’accepté")
            found.append(followed(fell, judged.reason))
    return found


def _no_longer_asked(name: str, judged: Judged | None) -> Text:
    title = Text(en=f"“{name}”", fr=f"« {name} »") if judged is None else quoted(judged.criterion.title)
    return Text(
        en=f"{title.en} was answered and is no longer asked.", fr=f"{title.fr} avait une réponse et n’est plus demandé."
    )


def _fewer_users(accepted: Past, card: Scorecard) -> list[Text]:
    """The cap of the accepted go against the low end of now; no cap was given where it was not known."""
    if accepted.users_low is None:
        return []
    cap = min(int(rounded_down(accepted.users_low)), card.project.users)
    low = card.capacity.users_low
    granted = both(cap, Unit.USERS, None)
    if low is None:
        return [
            Text(
                en=f"It was given for {granted.en}; how many it holds is no longer known.",
                fr=f"Il valait pour {granted.fr} ; on ne sait plus combien il peut en accueillir.",
            )
        ]
    if low >= cap:
        return []
    held = both(low, Unit.USERS)
    return [
        Text(
            en=f"It was given for {granted.en}; only {held.en} are held for certain.",
            fr=f"Il valait pour {granted.fr} ; il ne peut accueillir à coup sûr que {held.fr}.",
        )
    ]
