"""One person taken through a journey, with what they carried before each step; and the way in, taken again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

from scorecard.evidence import Text
from scorecard.journeys.exchange import Reply
from scorecard.journeys.person import Exchange, Person, Taken, cookie_header, credentials_for
from scorecard.journeys.sessions import ends_session
from scorecard.project_journeys import Journey, Step
from security.redaction import redact
from security.resemblance import echoed, resembles
from security.sender import Control, Sender
from security.trial import SHORTEST_ECHO, TYPED, is_signed_in_read

Session = tuple[str, dict[str, str]]
"""Cookie header and credential headers."""


@dataclass(frozen=True)
class Carried:
    """Cookies and values somebody had at one moment."""

    cookies: httpx.Cookies
    values: Mapping[str, Any]

    @classmethod
    def by(cls, person: Person) -> Carried:
        """What ``person`` has now."""
        return cls(person.kept(), dict(person.values))


@dataclass(frozen=True)
class Stride:
    """A step with what the person carried before it."""

    step: Step
    before: Carried
    taken: Taken


@dataclass
class Walk:
    """A person who went through a journey, as far as it went.

    ``control`` is the first thing they could read and nobody could, with the step it was met in.
    """

    journey: Journey
    person: Person
    strides: list[Stride] = field(default_factory=list)
    control: Control | None = None
    control_step: Step | None = None
    trouble: Text | None = None

    @property
    def steps(self) -> list[Step]:
        """The steps but for signing out."""
        return [step for step in self.journey.steps if not ends_session(step.path)]

    def exchanges(self) -> Iterator[tuple[Stride, Exchange]]:
        """All exchanges in order, each with its stride."""
        for stride in self.strides:
            for exchange in stride.taken.exchanges:
                yield stride, exchange

    def session(self, carried: Carried) -> Session:
        """The session of whoever carries that, as the control wants it."""
        assert self.control is not None
        assert self.control_step is not None
        cookie = cookie_header(carried.cookies, self.control.sent.url)
        return cookie, credentials_for(self.control_step, carried.values)

    def look_again(self, sender: Sender) -> None:
        """Hold the control to what the person can read now: a list they were shown on the way may have got empty since,
        and a name of theirs in it may have been somebody else's.
        """
        if self.control is None:
            return
        now = sender.ask(self.control, *self.session(Carried.by(self.person)))
        if resembles(now, self.control.own, self.control.refused):
            self.control = replace(self.control, own=now)

    def opens(self, sender: Sender, carried: Carried) -> bool:
        """Whether whoever carries that is signed in as the person of this walk."""
        return self.opened_by(sender, self.session(carried))

    def opened_by(self, sender: Sender, session: Session) -> bool:
        """Whether a session is that of the person of this walk.

        Where the answer they got showed a value of theirs, it must be shown again: a visitor without a name may be
        given a page of the same form.
        """
        assert self.control is not None
        reply = sender.ask(self.control, *session)
        shown = [value for value in self._typed() if echoed([value], self.control.own, "")]
        return resembles(reply, self.control.own, self.control.refused) and (not shown or echoed(shown, reply, ""))

    def _typed(self) -> list[str]:
        """What the person said of themselves on the way: of a value they kept for themselves, another one in a list may
        have the like by chance.
        """
        values = [str(v) for k, v in self.person.values.items() if k in TYPED and len(str(v)) >= SHORTEST_ECHO]
        said = [Reply(200, body=one.sent.url.encode() + b" " + (one.sent.body or b"")) for _, one in self.exchanges()]
        return [value for value in values if any(echoed([value], one, "") for one in said)]


@dataclass(frozen=True)
class Entry:
    """The way in, gone again by the same person in another browser; ``steps`` led to being signed in."""

    person: Person
    steps: tuple[Step, ...]
    before: tuple[Carried, ...]
    after: Carried


def walk(
    sender: Sender, journey: Journey, person: Person, *, ahead: Callable[[Walk, Step], None] = lambda _walk, _step: None
) -> Walk:
    """Take ``person`` through ``journey`` and find a control on the way; ``ahead`` is called before each step."""
    made = Walk(journey, person)
    for step in made.steps:
        ahead(made, step)
        before = Carried.by(person)
        taken = person.take(step)
        made.strides.append(Stride(step, before, taken))
        for exchange in taken.exchanges:
            if made.control is None and is_signed_in_read(sender.url, exchange):
                made.control = sender.control(exchange, names_object=False)
                made.control_step = step
        if not taken.succeeded:
            made.trouble = _stopped(journey, step, taken)
            break
    made.look_again(sender)
    return made


def enter(sender: Sender, gone: Walk, person: Person) -> Entry | Text:
    """Have ``person``, who is the one of ``gone`` in another browser, sign in by the same steps.

    The session that ``gone`` found is asked for before each step, so that the step that begins it is known, also where
    the service keeps one identifier throughout. Why it failed, if it did.
    """
    before: list[Carried] = []
    for number, step in enumerate(gone.steps):
        now = Carried.by(person)
        if gone.opens(sender, now):
            return Entry(person, tuple(gone.steps[:number]), tuple(before), now)
        before.append(now)
        taken = person.take(step)
        if not taken.succeeded:
            return _stopped(gone.journey, step, taken)
    now = Carried.by(person)
    if gone.opens(sender, now):
        return Entry(person, tuple(gone.steps), tuple(before), now)
    return NOT_AGAIN


def without_cookie(header: str, name: str) -> str:
    """A Cookie header without one of its cookies."""
    pairs = (pair.strip() for pair in header.split(";"))
    return "; ".join(pair for pair in pairs if pair and pair.partition("=")[0] != name)


def cookie_pairs(header: str) -> dict[str, str]:
    """Names and values of a Cookie header."""
    return dict(pair.strip().partition("=")[::2] for pair in header.split(";") if pair.strip())


def _stopped(journey: Journey, step: Step, taken: Taken) -> Text:
    en = f"the journey {journey.name} stopped at the step “{step.label}”: {taken.trouble}"
    fr = f"le parcours {journey.name} s’est arrêté à l’étape « {step.label} »"
    return Text(en=redact(en), fr=redact(fr))


NOT_AGAIN = Text(
    en="the same person could not sign in a second time, so the session could not be examined",
    fr="la même personne n’a pas pu se connecter une seconde fois, la session n’a donc pas pu être examinée",
)
