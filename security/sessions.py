"""The session of a signed-in person: what begins, forges, keeps, leads astray and ends it, tried on the journeys.

The same two people as ever go through each journey, the second with each of their writes tried from another site
first. The first one signs in again in other browsers. It writes what the journeys write, once a person.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from random import Random, SystemRandom

from scorecard.evidence import Evidence, Fact, Provenance, Status, Text, Unit
from scorecard.project import Journey, Site
from security import caching, cookies, session_life, sign_in_redirect, token_forgery
from security.exchange import Budget
from security.forged_requests import NOTHING_TO_FORGE, Forged, walk_forged
from security.observation import COLLECTOR, Seen, count, keep, unknown, unobserved, yes_no
from security.person import Person, is_of
from security.playable import in_order, last_but, refusal
from security.redaction import redact
from security.rules import Hit, findings
from security.sender import Sender
from security.session_life import Lifetime
from security.trial import route
from security.walk import Entry, Walk, enter, walk

NAME = "sessions"
FACTS = {
    "security.session_fixation": Unit.YES_NO,
    "security.sign_out_ends_session": Unit.YES_NO,
    "security.session_lifetime": Unit.SECOND,
    "security.tokens_without_expiry": Unit.COUNT,
    "security.tokens_forgeable": Unit.COUNT,
    "security.requests_forgeable": Unit.COUNT,
    "security.sign_in_redirects_open": Unit.YES_NO,
    caching.FACT: Unit.COUNT,
    "security.session_cookies_weak": Unit.COUNT,
}
REQUESTS = 600


@dataclass
class _Examined:
    """What one journey showed."""

    walk: Walk
    forged: Forged | None = None
    entry: Entry | None = None
    fixed: bool | None = None
    ended: bool | None = None
    life: Lifetime | None = None
    redirected: bool | None = None
    token_hits: list[Hit] = field(default_factory=list)
    hits: list[Hit] = field(default_factory=list)
    gap: Text | None = None


def collect(
    site: Site,
    *,
    random: Random | None = None,
    budget: Callable[[], Budget] = lambda: Budget(REQUESTS),
    clock: Callable[[], float] = time.time,
) -> Evidence:
    """Evidence ``sessions``: how the sessions that the journeys begin can be fixed, forged, kept and ended.

    Without a journey that signs in nothing is known. What could not be tried makes the fact unknown.
    """
    refused = refusal(site)
    if refused is not None:
        return unobserved(site, NAME, *refused, FACTS)
    assert site.url is not None
    started = datetime.now(UTC)
    sender = Sender(site.url.rstrip("/"), budget())
    try:
        examined = [
            _examine(site, sender, journey, SystemRandom() if random is None else random, clock)
            for journey in in_order(site)
        ]
    finally:
        sender.close()
    if all(one.entry is None for one in examined):
        gap = next((one.gap for one in examined if one.gap is not None), None)
        return unobserved(site, NAME, Status.SKIPPED, _NO_SIGN_IN if gap is None else gap, FACTS)
    return _evidence(site, started, examined, sender)


def _examine(site: Site, sender: Sender, journey: Journey, random: Random, clock: Callable[[], float]) -> _Examined:
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
        one = _Examined(gone, gap=gone.trouble)
        if gone.control is None:
            return one
        _progress(site, journey)
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
        _live(sender, one, entry, again, clock)
        return one
    finally:
        for person in people:
            person.close()


def _live(
    sender: Sender,
    one: _Examined,
    entry: Entry,
    again: Callable[[], Person | None],
    clock: Callable[[], float],
) -> None:
    """Examine the session of ``entry``; signing out comes last, since it is to end it."""
    gone = one.walk
    one.life = session_life.lifetime(sender, gone, entry, clock())
    one.hits += session_life.too_long(gone, entry, one.life)
    one.token_hits = token_forgery.forged(sender, gone, gone.session(entry.after))
    if not entry.steps:
        return  # a key that is sent along, not a session that begins
    fixed = session_life.fixation(sender, gone, entry)
    victim = again()
    if fixed is None and victim is not None:
        fixed = session_life.planted(sender, gone, entry, victim)
    one.fixed = fixed is not None
    astray = sign_in_redirect.look(gone, entry, again)
    one.redirected = bool(astray)
    if gone.opens(sender, entry.after):
        one.ended, alive = session_life.sign_out(sender, gone, entry)
        one.hits += [alive] if alive is not None else []
    one.hits += [*([fixed] if fixed is not None else []), *astray]


def _evidence(site: Site, started: datetime, examined: list[_Examined], sender: Sender) -> Evidence:
    cached = caching.look(
        sender.url, [(one.walk, one.forged.walk if one.forged is not None else None) for one in examined]
    )
    gap = next((one.gap for one in examined if one.gap is not None), _short(sender))
    baked = _cookies(sender.url, examined, gap)
    forged = [hit for one in examined if one.forged is not None for hit in one.forged.hits]
    tokens = [hit for one in examined for hit in one.token_hits]
    hits = [*cached.hits, *baked.hits, *forged, *tokens, *(hit for one in examined for hit in one.hits)]
    return Evidence(
        name=NAME,
        collector=COLLECTOR,
        project=site.project.project.name,
        status=Status.COMPLETED if gap is None else Status.DEGRADED,
        reason=gap,
        provenance=Provenance.since(
            started,
            tool="portance-sessions",
            version=metadata.version("portance"),
            command=("sessions", redact(sender.url)),
        ),
        facts=(*_facts(examined, forged, tokens, gap), *cached.facts, *baked.facts),
        findings=findings(_distinct(hits)),
        raw=keep(site, NAME, "attempts.json", [_account(one) for one in examined]),
    )


def _facts(examined: list[_Examined], forged: list[Hit], tokens: list[Hit], gap: Text | None) -> tuple[Fact, ...]:
    lives = [one.life for one in examined if one.life is not None]
    attempts = [attempt for one in examined if one.forged is not None for attempt in one.forged.attempts]
    untried = any(attempt.taken is None for attempt in attempts) or any(one.forged is None for one in examined)
    forging = _UNTRIED if untried and gap is None else gap
    endless = len({name for life in lives for name in life.endless})
    return (
        _any("security.session_fixation", [one.fixed for one in examined], gap, bad=True),
        _any("security.sign_out_ends_session", [one.ended for one in examined], gap, bad=False),
        _lifetime(lives, gap),
        count("security.tokens_without_expiry", endless, gap, f"in {len(lives)} sessions"),
        count("security.tokens_forgeable", len({hit.rule for hit in tokens}), gap, f"in {len(lives)} sessions"),
        count(
            "security.requests_forgeable",
            len({hit.location for hit in forged}),
            forging,
            f"of {len({attempt.route for attempt in attempts})} requests tried" if attempts else NOTHING_TO_FORGE.en,
        ),
        _any("security.sign_in_redirects_open", [one.redirected for one in examined], gap, bad=True),
    )


def _cookies(url: str, examined: list[_Examined], gap: Text | None) -> Seen:
    """The cookies that the service set on the journeys."""
    seen = {
        (route(exchange.sent, one.walk.person.values), cookie.name): cookie
        for one in examined
        for _, exchange in one.walk.exchanges()
        if is_of(url, exchange.sent)
        for cookie in cookies.set_by(exchange.reply.cookies)
    }
    return cookies.weak("security.session_cookies_weak", seen, _NO_COOKIE, gap, encrypted=url.startswith("https:"))


def _any(fact: str, values: Iterable[bool | None], gap: Text | None, *, bad: bool) -> Fact:
    """``bad`` where one of ``values`` is; the opposite where all that are known are, and there is no gap."""
    known = [value for value in values if value is not None]
    if bad in known:
        return yes_no(fact, bad, _NO_SIGN_IN, f"in {len(known)} journeys")
    nothing = session_life.NO_WAY_OUT if fact == "security.sign_out_ends_session" else _NO_SIGN_IN
    if not known or gap is not None:
        return yes_no(fact, None, gap if gap is not None else nothing)
    return yes_no(fact, not bad, nothing, f"in {len(known)} journeys")


def _lifetime(lives: list[Lifetime], gap: Text | None) -> Fact:
    fact = "security.session_lifetime"
    if any(life.endless for life in lives):
        return unknown(fact, Unit.SECOND, _ENDLESS)
    if gap is not None:
        return unknown(fact, Unit.SECOND, gap)
    known = [life.seconds for life in lives if life.seconds is not None]
    if not known or any(life.hidden for life in lives):
        return unknown(fact, Unit.SECOND, _HIDDEN)
    return Fact(id=fact, value=max(known), unit=Unit.SECOND, detail="the longest, as its cookies and tokens say")


def _distinct(hits: Iterable[Hit]) -> list[Hit]:
    """One hit a rule and place: two journeys may show the same."""
    return list({(hit.rule, hit.location, hit.trait): hit for hit in hits}.values())


def _short(sender: Sender) -> Text | None:
    return _SPENT if sender.budget.left <= 0 or time.monotonic() > sender.budget.deadline else None


def _account(one: _Examined) -> dict[str, object]:
    return {
        "journey": one.walk.journey.name,
        "signs in with": [] if one.entry is None else [step.label for step in one.entry.steps],
        "fixation": one.fixed,
        "sign-out ends it": one.ended,
        "sign-in leads elsewhere": one.redirected,
        "lifetime (s)": None if one.life is None else one.life.seconds,
        "from another site": []
        if one.forged is None
        else [{"request": a.route, "how": a.how, "carried out": a.taken} for a in one.forged.attempts],
    }


def _progress(site: Site, journey: Journey) -> None:
    journeys = in_order(site)
    done = next(number for number, one in enumerate(journeys) if one.name == journey.name)
    site.progress(Text(en="Trying the sessions", fr="Essai des sessions"), done / len(journeys), None)


_NO_SIGN_IN = Text(
    en="no sign-in was seen in the journeys: nothing they ask for is closed to anybody, so there was no session to try",
    fr="aucune connexion n'a été vue dans les parcours : rien de ce qu'ils demandent n'est fermé à quiconque, il n'y "
    "avait donc aucune session à essayer",
)
_NO_COOKIE = Text(
    en="no cookie was set on the journeys: sessions travel another way, or do not exist",
    fr="aucun cookie n'a été posé dans les parcours : les sessions voyagent autrement, ou n'existent pas",
)
_UNTRIED = Text(
    en="a request could not be tried from another site: it was not answered, or nobody else was there to try it with",
    fr="une requête n'a pas pu être essayée depuis un autre site : elle est restée sans réponse, ou il manquait une "
    "autre personne pour l'essayer",
)
_ENDLESS = Text(
    en="a token names no end, so the session has none that can be told",
    fr="un jeton n'indique aucune fin, la session n'en a donc aucune que l'on puisse dire",
)
_HIDDEN = Text(
    en="the session says nothing of its end: it is known to the service alone",
    fr="la session ne dit rien de sa fin : seul le service la connaît",
)
_SPENT = Text(
    en="the bound of requests or of time was reached before everything was tried",
    fr="la limite de requêtes ou de temps a été atteinte avant que tout soit essayé",
)
