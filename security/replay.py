"""Every request of a signed-in person, sent again by those who should be refused.

What writes is tried before its owner does it, while it is still to be done; what reads, right after. A refusal counts
only if the session it was tried with still works: that is asked of the service each time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from scorecard.journeys import templates
from scorecard.journeys.exchange import Budget, Reply, Sent
from scorecard.journeys.person import Exchange, Person, Taken, is_of
from scorecard.journeys.sessions import begins_session
from scorecard.project_journeys import Step
from security.resemblance import echoed, resembles, same
from security.sender import Control, Sender
from security.stand_in import lent_by, meant, reader, session, stand_in
from security.trial import SHORTEST_ECHO, Outcome, Playing, Trial, Whom, is_signed_in_read, parts, unnamed

_TYPED = ("email", "siret", "siren", "iban")
_NO_SESSION = Reply(None, problem="no session to try with")
_SESSION_ENDED = "the session to try with had ended"


@dataclass(frozen=True)
class Stopped:
    """A journey that did not go to its end; ``left`` steps were not reached."""

    journey: str
    step: str
    trouble: str
    left: int


@dataclass
class Replay:
    """The account of a replay: what was tried, and what could not be."""

    url: str
    budget: Budget
    trials: list[Trial] = field(default_factory=list)
    stopped: list[Stopped] = field(default_factory=list)
    _owned: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.sender = Sender(self.url, self.budget)

    def close(self) -> None:
        """Close the connections."""
        self.sender.close()

    def rehearse(self, playing: Playing) -> None:
        """The peer plays the journey, and what they may read and nobody may becomes the control."""
        if playing.peer is None:
            return
        for step in playing.steps:
            playing.sessions.append((playing.peer.cookie_for(self.url + "/"), playing.peer.credentials_for(step)))
            taken = playing.peer.take(step)
            playing.taken.append(taken)
            for exchange in taken.exchanges:
                found = self._as_control(playing.peer, exchange)
                # one that names no object can be asked for by anybody of the persona
                if found is not None and (playing.control is None or playing.control.names_object):
                    playing.control = found
            if not taken.succeeded:
                break

    def play(self, playing: Playing, others: Playing | None, shared: frozenset[str]) -> None:
        """The owner plays the journey, and each request they make while signed in is tried by the others.

        ``others`` are people of the other persona, None where the project has none; ``shared`` are the paths that
        their own journeys ask for.
        """
        for number, step in enumerate(playing.steps):
            before = self._write_first(playing, others, number, step)
            taken = playing.owner.take(step)
            self._remember_typed(playing, step)
            if before is not None and taken.exchanges:
                self._judge_writes(playing, others, number, taken, before)
                self._remember(playing, taken.kept)
            for exchange in taken.exchanges:
                if is_signed_in_read(self.url, exchange):
                    saw = self._try_read(playing, others, step, exchange, shared)
                    if saw is not None and exchange is taken.exchanges[-1]:
                        # what the service gave the owner and not the peer is the owner's
                        values = playing.owner.values
                        self._remember(playing, frozenset(k for k in taken.kept if str(values[k]) not in saw.text))
            if not taken.succeeded:
                left = len(playing.steps) - number - 1
                self.stopped.append(Stopped(playing.journey.name, step.label, taken.trouble or "", left))
                break

    def _as_control(self, person: Person, exchange: Exchange) -> Control | None:
        if not is_signed_in_read(self.url, exchange):
            return None
        extracted = {str(v) for k, v in person.values.items() if k not in (*_TYPED, "n", "name")}
        return self.sender.control(exchange, names_object=bool(extracted & parts(exchange.sent.url)))

    def _write_first(
        self, playing: Playing, others: Playing | None, number: int, step: Step
    ) -> dict[Whom, tuple[Reply, Reply | None]] | None:
        """Answers to those who write before the owner does, each with what a refusal looks like.

        None for a read, and as long as the owner is not signed in.
        """
        owner = playing.owner
        try:
            sent = owner.write(step)
        except KeyError:
            return None
        cookie = owner.cookie_for(sent.url)
        if sent.is_safe or not is_of(self.url, sent) or not (cookie or sent.credentials):
            return None
        names_object = playing.names_object(sent)
        if not names_object and not self._signed_in(playing, number, step):
            return None
        answers: dict[Whom, tuple[Reply, Reply | None]] = {}
        for whom in meant(others):
            if whom is Whom.PEER and not names_object:
                continue  # anybody of the same kind may do the same for themselves
            lender = lent_by(whom, playing, others)
            again = owner.write(step, None if lender is None or lender.peer is None else lender.peer.values)
            tried = stand_in(whom, again, cookie, session(lender, again, step, whom))
            reply = _NO_SESSION if tried is None else self.sender.send(*tried)
            refusal = None
            if tried is not None and _says_yes(reply):
                refusal = self._refusal(playing, tried, names_object)
            answers[whom] = (reply, refusal)
        return answers

    def _signed_in(self, playing: Playing, number: int, step: Step) -> bool:
        """Whether the owner is signed in before step ``number``: the control opens.

        One that names an object of the peer opens to the peer only: then it is asked whether the session the peer had
        before that step opens it.
        """
        control = playing.control
        if control is None or begins_session(step.path):
            return False
        if control.names_object:
            return self.sender.opens(control, *playing.sessions[number])
        headers = playing.owner.credentials_for(step)
        return self.sender.opens(control, playing.owner.cookie_for(control.sent.url), headers)

    def _refusal(self, playing: Playing, tried: tuple[Sent, str], names_object: bool) -> Reply | None:
        """What the one who tries is told about something that is not there, or that is closed to them for certain."""
        sent, cookie = tried
        if names_object:
            return self.sender.send(playing.made_up(sent), cookie)
        return None if playing.control is None else playing.control.refused

    def _judge_writes(
        self,
        playing: Playing,
        others: Playing | None,
        number: int,
        taken: Taken,
        answers: dict[Whom, tuple[Reply, Reply | None]],
    ) -> None:
        own = taken.exchanges[0].reply
        if not taken.succeeded and number < len(playing.taken) and playing.taken[number].succeeded:
            # a stranger's success may have spoilt the owner's: the peer's shows what success looks like
            own = playing.taken[number].exchanges[0].reply
        route = playing.route(taken.exchanges[0].sent)
        for whom, (reply, refusal) in answers.items():
            if _says_yes(own):
                leaks = _says_yes(reply) and resembles(reply, own, refusal)
            else:
                leaks = _says_yes(reply) and (refusal is None or not same(reply, refusal))
            self._note(playing, others, route, whom, reply, Outcome.LEAK if leaks else Outcome.REFUSED)
            if leaks and whom is Whom.NOBODY:
                break  # the others could for the same reason

    def _try_read(
        self, playing: Playing, others: Playing | None, step: Step, exchange: Exchange, shared: frozenset[str]
    ) -> Reply | None:
        """Send a read again as everybody; what the peer saw of it, None if they could not try."""
        sent, own = exchange.sent, exchange.reply
        route = playing.route(sent)
        names_object = playing.names_object(sent)
        nobody = self.sender.send(sent.without_credentials(), "")
        outcome, echo = self._read(playing, Whom.NOBODY, (sent.without_credentials(), ""), nobody, own, None)
        if outcome is Outcome.ALLOWED and not names_object and same(nobody, own):
            return None  # shown to everybody: it is public
        self._note(playing, others, route, Whom.NOBODY, nobody, outcome, echo=echo)
        if outcome is Outcome.LEAK:
            return None  # the others see it for the same reason
        saw = None
        for whom in meant(others)[1:]:
            tried = stand_in(whom, sent, exchange.cookie, session(lent_by(whom, playing, others), sent, step, whom))
            if tried is None:
                self._note(playing, others, route, whom, _NO_SESSION, Outcome.UNTRIED)
                continue
            reply = self.sender.send(*tried)
            is_shared = whom is Whom.OTHER_PERSONA and unnamed(route) in shared
            outcome, echo = self._read(playing, whom, tried, reply, own, None if is_shared else nobody)
            noted = self._note(playing, others, route, whom, reply, outcome, echo=echo)
            if whom is Whom.PEER and noted is not Outcome.UNTRIED:
                saw = reply
        return saw

    def _read(
        self, playing: Playing, whom: Whom, tried: tuple[Sent, str], reply: Reply, own: Reply, closed: Reply | None
    ) -> tuple[Outcome, bool]:
        """What came of a read, and whether the answer held values of somebody it was not meant for.

        ``closed`` is the answer to somebody to whom the page is closed, None when nobody has shown one yet.
        """
        if not reply.accepted:
            return Outcome.REFUSED, False
        if reader(whom, playing) == "agent":
            return Outcome.ALLOWED, False  # agents read the files of others: whose, their service decides
        if echoed(self._owned, reply, tried[0].url):
            return Outcome.LEAK, True
        if playing.names_object(tried[0]):
            leaks = resembles(reply, own, self._refusal(playing, tried, True))
        else:
            # people of one kind have pages of the same form; the other kind and a broken session should have none
            leaks = whom in (Whom.TAMPERED, Whom.OTHER_PERSONA) and closed is not None and resembles(reply, own, closed)
        return Outcome.LEAK if leaks else Outcome.ALLOWED, False

    def _note(
        self,
        playing: Playing,
        others: Playing | None,
        route: str,
        whom: Whom,
        reply: Reply,
        outcome: Outcome,
        *,
        echo: bool = False,
    ) -> Outcome:
        ended = reply.ended
        if not reply.answered:
            outcome = Outcome.UNTRIED
        elif outcome is not Outcome.LEAK and not self._session_works(lent_by(whom, playing, others)):
            outcome, ended = Outcome.UNTRIED, _SESSION_ENDED
        journey = playing.journey
        self.trials.append(Trial(journey.name, journey.persona, route, whom, outcome, ended, echo))
        return outcome

    def _session_works(self, lender: Playing | None) -> bool:
        """Whether the session that was lent still opens what is closed to nobody; true where none was lent."""
        if lender is None:
            return True
        if lender.peer is None or lender.control is None:
            return False
        url, headers = lender.control.sent.url, lender.control.sent.credentials
        return self.sender.opens(lender.control, lender.peer.cookie_for(url), headers)

    def _remember_typed(self, playing: Playing, step: Step) -> None:
        asked = step.model_copy(update={"contains": None})
        self._own(playing, (str(playing.owner.values[k]) for k in templates.used(asked) & set(_TYPED)))

    def _remember(self, playing: Playing, names: frozenset[str]) -> None:
        values = {name: str(playing.owner.values[name]) for name in names}
        peers = set() if playing.peer is None else {str(value) for value in playing.peer.values.values()}
        playing.objects |= {name: value for name, value in values.items() if value not in peers and value}
        self._own(playing, playing.objects.values())

    def _own(self, playing: Playing, values: Iterable[str]) -> None:
        peers = set() if playing.peer is None else {str(value) for value in playing.peer.values.values()}
        self._owned |= {value for value in values if len(value) >= SHORTEST_ECHO and value not in peers}


def _says_yes(reply: Reply) -> bool:
    return reply.accepted or (reply.answered and bool(reply.location))
