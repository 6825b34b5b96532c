"""What agents of one group work on, asked for by an agent of another one."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from scorecard.journeys.cast import last_but
from scorecard.journeys.exchange import Reply, Sent
from scorecard.journeys.person import PROOF, Exchange, Person, is_of
from scorecard.project_journeys import Journey, Step
from scorecard.site import Site
from security.replay import Replay, Stopped
from security.resemblance import resembles
from security.trial import SHORTEST_ECHO, Outcome, Trial, Whom, is_signed_in_read, made_up, named, route
from security.walk import Carried, Session, Walk, walk

_PLACES = 2


def between_groups(site: Site, replay: Replay, random: Random) -> None:
    """Try between the groups of agents that the journeys name, if they name two; the trials go to ``replay``.

    What names a file (by what its agent was given on the way) must be refused to an agent of another group, and must
    not stand in their lists. Writes are tried before the agent does them.
    """
    journeys = _one_a_group(site)
    if len(journeys) < _PLACES:
        return
    people: list[Person] = []

    def somebody(journey: Journey, place: int) -> Person | None:
        person = last_but(site, journey, place, random, replay.budget)
        if person is not None:
            people.append(person)
        return person

    try:
        strangers = {journey.group: _walked(replay, journey, somebody(journey, 0)) for journey in journeys}
        for journey in journeys:
            stranger = next(walk for group, walk in strangers.items() if group != journey.group)
            owner = somebody(journey, 1)
            if stranger is None or owner is None:
                replay.trials.append(_untried(journey, "no session to try with"))
            else:
                _Between(replay, stranger, journey).go(owner)
    finally:
        for person in people:
            person.close()


def _one_a_group(site: Site) -> list[Journey]:
    """The longest journey of each group of agents: it meets the most files."""
    longest: dict[str, Journey] = {}
    for journey in site.project.journeys:
        if journey.persona == "agent" and journey.group is not None:
            known = longest.get(journey.group)
            if known is None or len(journey.steps) > len(known.steps):
                longest[journey.group] = journey
    return list(longest.values())


def _walked(replay: Replay, journey: Journey, person: Person | None) -> Walk | None:
    gone = None if person is None else walk(replay.sender, journey, person)
    return gone if gone is not None and gone.control is not None else None


class _Between:
    """An agent's journey, each request of which an agent of another group makes too."""

    def __init__(self, replay: Replay, stranger: Walk, journey: Journey) -> None:
        self._replay, self._stranger, self._journey = replay, stranger, journey
        self._session: Session = stranger.session(Carried.by(stranger.person))
        self._ahead: dict[int, Reply] = {}

    def go(self, owner: Person) -> None:
        gone = walk(self._replay.sender, self._journey, owner, ahead=self._write_ahead)
        for number, stride in enumerate(gone.strides):
            given = self._given(gone, number)
            first = stride.taken.exchanges[0] if stride.taken.exchanges else None
            if first is not None and number in self._ahead:
                reply = self._ahead[number]
                leaks = _says_yes(reply) and (resembles(reply, first.reply, None) or not _says_yes(first.reply))
                self._note(gone, first.sent, reply, leaks=leaks)
            for exchange in stride.taken.exchanges:
                if is_signed_in_read(self._replay.url, exchange):
                    self._read(gone, exchange, given)
        if gone.trouble is not None:
            step, left = gone.strides[-1].step.label, len(gone.steps) - len(gone.strides)
            trouble = gone.strides[-1].taken.trouble
            self._replay.stopped.append(Stopped(self._journey.name, step, trouble if trouble is not None else "", left))

    def _write_ahead(self, gone: Walk, step: Step) -> None:
        """Have the stranger make the write that the owner is about to make, if it names a file of theirs."""
        number = len(gone.strides)
        try:
            sent = gone.person.write(step, self._stranger.person.values)
        except KeyError:
            return
        if sent.is_safe or not is_of(self._replay.url, sent) or not named(sent, self._given(gone, number)):
            return
        self._ahead[number] = self._send(sent)

    def _read(self, gone: Walk, exchange: Exchange, given: set[str]) -> None:
        sent, own = exchange.sent, exchange.reply
        reply = self._send(sent)
        if named(sent, given):
            absent = self._send(made_up(sent, given)) if reply.accepted else None
            leaks = reply.accepted and resembles(reply, own, absent)
        else:
            leaks = reply.accepted and any(value in reply.text and value in own.text for value in self._all_given(gone))
        self._note(gone, sent, reply, leaks=leaks)

    def _given(self, gone: Walk, number: int) -> set[str]:
        """What the owner had been given before step ``number``, but for proofs that a form was asked for."""
        names = {name for stride in gone.strides[:number] for name in stride.taken.kept if not PROOF.search(name)}
        theirs = {str(value) for value in self._stranger.person.values.values()}
        values = {str(gone.person.values[name]) for name in names}
        return {value for value in values - theirs if len(value) >= SHORTEST_ECHO and "://" not in value}

    def _all_given(self, gone: Walk) -> set[str]:
        return self._given(gone, len(gone.strides))

    def _send(self, sent: Sent) -> Reply:
        cookie, headers = self._session
        bare = sent.without_credentials()
        return self._replay.sender.send(replace(bare, headers={**bare.headers, **headers}), cookie)

    def _note(self, gone: Walk, sent: Sent, reply: Reply, *, leaks: bool) -> None:
        outcome, ended = Outcome.LEAK if leaks else Outcome.REFUSED, reply.ended
        if reply.accepted and not leaks:
            outcome = Outcome.ALLOWED
        if not reply.answered:
            outcome = Outcome.UNTRIED
        elif not leaks and not self._stranger.opened_by(self._replay.sender, self._session):
            outcome, ended = Outcome.UNTRIED, "the session to try with had ended"
        place = route(sent, gone.person.values)
        journey = self._journey
        self._replay.trials.append(
            Trial(journey.name, journey.persona, place, Whom.OTHER_GROUP, outcome, ended, echo=leaks)
        )


def _untried(journey: Journey, why: str) -> Trial:
    return Trial(journey.name, journey.persona, journey.name, Whom.OTHER_GROUP, Outcome.UNTRIED, why)


def _says_yes(reply: Reply) -> bool:
    return reply.accepted or (reply.answered and bool(reply.location))
