"""Who may see what, found by replay: the journeys are played, and what was asked is asked again by others.

Two made-up people of each persona go through each journey, as under load. Each request made while signed in is sent
again by nobody, with a session altered in one character, by another person of the same kind, and by somebody of the
other kind. What should have been refused and was not is a finding. It writes: what the journeys write, and what a
service without protection lets the others write.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import metadata
from random import Random, SystemRandom

from scorecard.evidence import Column, Evidence, Fact, Finding, Provenance, Severity, Status, Table, Text, Unit
from scorecard.journeys.cast import in_order, last_but
from scorecard.journeys.exchange import Budget
from scorecard.project_journeys import Journey
from scorecard.site import Site
from security.group_access import between_groups
from security.observation import COLLECTOR, count, keep, unobserved
from security.playable import refusal
from security.redaction import redact
from security.replay import Replay
from security.rules import Hit, Rule, findings
from security.trial import Outcome, Playing, Trial, Whom, unnamed

NAME = "authorisation"
FACTS = {
    "security.authorisation_leaks": Unit.COUNT,
    "security.authorisation_requests": Unit.COUNT,
    "security.authorisation_coverage": Unit.RATIO,
}


def collect(site: Site, *, random: Random | None = None, budget: Callable[[], Budget] = Budget) -> Evidence:
    """Evidence ``authorisation``: what others were given of the requests of a person who is signed in.

    The people come from ``random``, the system's by default. Without a journey, a sign-in or a service nothing is
    known; a request that could not be tried makes the count of leaks a lower bound, or unknown when it is zero.
    """
    refused = refusal(site)
    if refused is not None:
        return unobserved(site, NAME, *refused, FACTS)
    assert site.url is not None
    started = datetime.now(UTC)
    replay = _replay(site, site.url, SystemRandom() if random is None else random, budget())
    gap = _gap(replay)
    if not any(trial.whom is Whom.NOBODY and trial.outcome in _CLOSED for trial in replay.trials):
        return unobserved(site, NAME, Status.SKIPPED, _NO_SIGN_IN if gap is None else gap, FACTS)
    leaks = [trial for trial in replay.trials if trial.outcome is Outcome.LEAK]
    found = findings(_hit(trial) for trial in _distinct(leaks))
    return Evidence(
        name=NAME,
        collector=COLLECTOR,
        project=site.project.project.name,
        status=Status.COMPLETED if gap is None else Status.DEGRADED,
        reason=gap,
        provenance=Provenance.since(
            started, tool="portance-replay", version=metadata.version("portance"), command=("replay", redact(site.url))
        ),
        facts=_facts(replay, found, gap),
        findings=found,
        tables=(_matrix(replay.trials),),
        raw=keep(site, NAME, "trials.json", [_account(trial) for trial in replay.trials]),
    )


def _replay(site: Site, url: str, random: Random, budget: Budget) -> Replay:
    replay = Replay(url.rstrip("/"), budget)
    playings = [_playing(site, journey, replay, random) for journey in in_order(site)]
    try:
        for done, playing in enumerate(playings):
            _progress(site, done / (2 * len(playings)))
            replay.rehearse(playing)
        for done, playing in enumerate(playings):
            _progress(site, 0.5 + done / (2 * len(playings)))
            others = [one for one in playings if one.journey.persona != playing.journey.persona]
            able = next((one for one in others if one.control is not None), others[0] if others else None)
            alike = (one for one in playings if one.journey.persona == playing.journey.persona)
            playing.fellow = next((one for one in alike if one.peer is not None and one.control is not None), None)
            replay.play(playing, able, frozenset(path for one in others for path in one.asked()))
        between_groups(site, replay, random)
    finally:
        replay.close()
        for playing in playings:
            playing.close()
    return replay


def _playing(site: Site, journey: Journey, replay: Replay, random: Random) -> Playing:
    owner = last_but(site, journey, 0, random, replay.budget)
    assert owner is not None
    return Playing(journey, last_but(site, journey, 1, random, replay.budget), owner)


def _facts(replay: Replay, found: tuple[Finding, ...], gap: Text | None) -> tuple[Fact, ...]:
    tried = sum(trial.outcome is not Outcome.UNTRIED for trial in replay.trials)
    # a step that was not reached would have been tried by nobody, with a tampered session and by another person
    meant = len(replay.trials) + sum(3 * stopped.left for stopped in replay.stopped)
    kinds = Counter(trial.whom for trial in replay.trials if trial.outcome is not Outcome.UNTRIED)
    detail = ", ".join(f"{kinds[whom]} as {whom}" for whom in Whom if kinds[whom])
    leaks = count("security.authorisation_leaks", len(found), gap, f"of {tried} requests sent again")
    requests = Fact(id="security.authorisation_requests", value=tried, unit=Unit.COUNT, detail=detail)
    share = round(tried / meant, 4)
    return (
        leaks,
        requests,
        Fact(id="security.authorisation_coverage", value=share, unit=Unit.RATIO, detail=f"{tried} of {meant}"),
    )


def _gap(replay: Replay) -> Text | None:
    """What was not tried, and why; None when everything was."""
    if replay.stopped:
        one = replay.stopped[0]
        en = f"the journey {one.journey} stopped at the step “{one.step}”: {one.trouble}; {one.left} steps were left"
        fr = f"le parcours {one.journey} s’est arrêté à l’étape « {one.step} » ; il restait {one.left} étapes"
        return Text(en=redact(en), fr=redact(fr))
    untried = [trial for trial in replay.trials if trial.outcome is Outcome.UNTRIED]
    if not untried:
        return None
    first = untried[0]
    return Text(
        en=redact(
            f"{len(untried)} requests could not be tried, the first being {first.route} as {first.whom} ({first.ended})"
        ),
        fr=redact(
            f"{len(untried)} requêtes n’ont pas pu être essayées, la première étant {first.route} en tant que "
            f"{_WHOM_FR[first.whom]} ({first.ended})"
        ),
    )


def _distinct(leaks: list[Trial]) -> list[Trial]:
    """One leak a route and kind, the surest: one that showed values."""
    ordered = sorted(leaks, key=lambda trial: not trial.echo)
    return list({(unnamed(trial.route), trial.whom): trial for trial in reversed(ordered)}.values())


def _hit(trial: Trial) -> Hit:
    name, rule, how = _RULES[trial.whom]
    effect = "with values of the person it belongs to" if trial.echo else "as it answers the person it belongs to"
    return Hit(
        category="authorisation",
        rule=name,
        what=rule,
        location=trial.route,
        place=trial.route,
        trait=trial.persona,
        message=f"{trial.route}, a request of a signed-in {trial.persona} in the journey {trial.journey}, sent again "
        f"{how}, is answered {trial.ended} {effect}.",
        confidence="HIGH" if trial.echo else "MEDIUM",
    )


def _account(trial: Trial) -> dict[str, object]:
    return {
        "journey": trial.journey,
        "persona": trial.persona,
        "request": trial.route,
        "as": trial.whom.value,
        "outcome": trial.outcome.value,
        "answer": trial.ended,
        "echo": trial.echo,
    }


def _matrix(trials: list[Trial]) -> Table:
    names = ("request", "persona", "as", "outcome", "answer")
    rows = dict.fromkeys(
        (redact(trial.route), trial.persona, trial.whom.value, trial.outcome.value, trial.ended) for trial in trials
    )
    return Table(
        id="security.authorisation_matrix", columns=tuple(Column(name=name) for name in names), rows=tuple(rows)
    )


def _progress(site: Site, share: float) -> None:
    site.progress(Text(en="Asking again as others", fr="Mêmes demandes, par d’autres"), share, None)


_CLOSED = (Outcome.REFUSED, Outcome.LEAK)
_WHOM_FR = {
    Whom.NOBODY: "personne",
    Whom.TAMPERED: "porteur d’une session altérée",
    Whom.PEER: "autre personne",
    Whom.OTHER_PERSONA: "personne de l’autre profil",
    Whom.OTHER_GROUP: "agent d’un autre groupe",
}
_RULES = {
    Whom.NOBODY: (
        "missing-authentication",
        Rule(
            Severity.CRITICAL,
            "CWE-306",
            "v5.0.0-8.2.1",
            "Refuse what is not signed in before anything else, for every route but those listed as public.",
        ),
        "without any cookie or authorisation header",
    ),
    Whom.TAMPERED: (
        "session-not-verified",
        Rule(
            Severity.CRITICAL,
            "CWE-345",
            "v5.0.0-9.1.1",
            "Verify the signature of the session with the framework's own function before reading anything in it.",
        ),
        "with one character of its session altered",
    ),
    Whom.PEER: (
        "object-level-access",
        Rule(
            Severity.HIGH,
            "CWE-639",
            "v5.0.0-8.2.2",
            "Look for the object among those of the person who asks (WHERE id = … AND owner = …), and answer 404.",
        ),
        "with the session of another person of the same kind",
    ),
    Whom.OTHER_PERSONA: (
        "function-level-access",
        Rule(
            Severity.HIGH,
            "CWE-285",
            "v5.0.0-8.2.1",
            "Require the role on each route, denied by default, not in the page that links to it.",
        ),
        "with the session of somebody of the other kind (citizen, agent)",
    ),
    Whom.OTHER_GROUP: (
        "group-level-access",
        Rule(
            Severity.HIGH,
            "CWE-639",
            "v5.0.0-8.2.2",
            "Look for the file among those of the groups that the agent belongs to, and answer 404.",
        ),
        "with the session of an agent of another group",
    ),
}
_NO_SIGN_IN = Text(
    en="no sign-in was seen in the journeys: nothing they ask for is closed to anybody, so nothing was to be protected",
    fr="aucune connexion n’a été vue dans les parcours : rien de ce qu’ils demandent n’est fermé à quiconque, rien "
    "n’était donc à protéger",
)
