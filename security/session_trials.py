"""What is tried with the sessions of one journey, in an order in which no trial spoils the next."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from scorecard.evidence import Text
from scorecard.journeys.cast import last_but
from scorecard.journeys.exchange import Budget
from scorecard.journeys.person import Person
from scorecard.project import RunProfile
from scorecard.project_journeys import Journey
from scorecard.site import Site
from security import session_life, sign_in_redirect, token_forgery
from security.forged_requests import Forged, walk_forged
from security.rules import Hit
from security.sender import Sender
from security.session_life import Lifetime
from security.walk import Entry, Walk, enter, walk

WAITED_S: dict[RunProfile, float] = {"smoke": 2.0, "quick": 5.0, "standard": 60.0, "full": 1900.0}
"""How long a run waits for a session to end by itself; a full one outlasts the usual 30 minutes."""


@dataclass
class Examined:
    """What one journey showed; None where it was not tried."""

    walk: Walk
    forged: Forged | None = None
    entry: Entry | None = None
    fixed: bool | None = None
    ended: bool | None = None
    aged: bool | None = None
    life: Lifetime | None = None
    by_cookie: bool = True
    redirected: bool | None = None
    token_hits: list[Hit] = field(default_factory=list)
    hits: list[Hit] = field(default_factory=list)
    gap: Text | None = None


@dataclass(frozen=True)
class Clock:
    """Seconds since 1970, and a way to let them pass."""

    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep


def examine(site: Site, sender: Sender, journey: Journey, random: Random, clock: Clock) -> Examined:
    """Try the sessions that ``journey`` begins, with one person in several browsers and another one."""
    people: list[Person] = []

    def again(place: int = 0) -> Person | None:
        person = last_but(site, journey, place, random, sender.budget)
        if person is not None:
            people.append(person)
        return person

    first = again()
    assert first is not None
    try:
        gone = walk(sender, journey, first)
        one = Examined(gone, gap=gone.trouble)
        if gone.control is None:
            return one
        second_browser = again()
        assert second_browser is not None
        entry = enter(sender, gone, second_browser)
        if isinstance(entry, Text):
            one.gap = entry if one.gap is None else one.gap
            return one
        one.entry = entry
        other = again(1)
        if other is not None:
            one.forged = walk_forged(sender, gone, other, len(entry.steps))
        _try_session(sender, one, entry, clock)
        if entry.steps:  # without any, it is a key that is sent along, not a session that begins
            _try_way_in(sender, one, entry, again)
            _outlast(site, one, again, sender, clock)
        return one
    finally:
        for person in people:
            person.close()


def _try_session(sender: Sender, one: Examined, entry: Entry, clock: Clock) -> None:
    """What can be done with the session of ``entry``; signing out comes last, since it is to end it."""
    gone = one.walk
    if entry.steps:  # a key that is sent along lasts as long as whoever gave it lets it, which it need not say
        one.life = session_life.lifetime(sender, gone, entry, clock.now())
        one.hits += session_life.too_long(gone, entry, one.life)
    one.by_cookie = not gone.opened_by(sender, ("", gone.session(entry.after)[1]))
    one.token_hits = token_forgery.forged(sender, gone, gone.session(entry.after))
    fixed = session_life.fixation(sender, gone, entry)
    one.hits += [fixed] if fixed is not None else []
    if not gone.opens(sender, entry.after):
        # what the true session does not open either was refused to nobody in particular
        one.gap = ENDED_MEANWHILE if one.gap is None else one.gap
        one.fixed = True if fixed is not None else None
        return
    one.fixed = fixed is not None
    if entry.steps:
        one.ended, alive = session_life.sign_out(sender, gone, entry, wait=clock.sleep)
        one.hits += [alive] if alive is not None else []


def _try_way_in(sender: Sender, one: Examined, entry: Entry, again: Callable[[], Person | None]) -> None:
    """What can be planted before signing in, in other browsers of the same person."""
    victim = again()
    if not one.fixed and victim is not None:
        adopted = session_life.planted(sender, one.walk, entry, victim)
        one.fixed = True if adopted is not None else one.fixed
        one.hits += [adopted] if adopted is not None else []
    one.redirected, astray = sign_in_redirect.look(one.walk, entry, again)
    one.hits += astray


def _outlast(site: Site, one: Examined, again: Callable[[], Person | None], sender: Sender, clock: Clock) -> None:
    """Wait for the end that a session names, where the profile has the time, and see whether the server keeps to it."""
    life = one.life
    if life is None or life.seconds is None or life.seconds > WAITED_S[site.profile]:
        return
    person = again()
    entry = None if person is None else enter(sender, one.walk, person)
    if not isinstance(entry, Entry):
        return
    clock.sleep(life.seconds + 1.0)
    fresh = Sender(sender.url, Budget())  # the other budget may have run out in the meantime
    try:
        reply = fresh.ask(one.walk.control, *one.walk.session(entry.after)) if one.walk.control is not None else None
        if reply is None or not reply.answered:
            return
        one.aged = not one.walk.opens(fresh, entry.after)
        if not one.aged:
            one.hits.append(session_life.outlived(one.walk, entry))
    finally:
        fresh.close()


ENDED_MEANWHILE = Text(
    en="the session of a signed-in person ended, or was not answered, while it was tried: its refusals prove nothing",
    fr="la session d’une personne connectée s’est close, ou est restée sans réponse, pendant l’essai : ses refus ne "
    "prouvent rien",
)
