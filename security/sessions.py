"""The session of a signed-in person: what begins, forges, keeps, leads astray and ends it, tried on the journeys.

The same two people as ever go through each journey, the second with each of their writes tried from another site
first. The first one signs in again in other browsers. It writes what the journeys write, once a person.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from importlib import metadata
from random import Random, SystemRandom

from scorecard.evidence import Evidence, Fact, Provenance, Status, Text, Unit
from scorecard.journeys.cast import in_order
from scorecard.journeys.exchange import Budget
from scorecard.journeys.person import is_of
from scorecard.site import Site
from security import caching, cookies, session_life
from security.forged_requests import NOTHING_TO_FORGE
from security.observation import COLLECTOR, Seen, count, keep, unknown, unobserved, yes_no
from security.playable import refusal
from security.redaction import redact
from security.rules import Hit, findings
from security.sender import Sender
from security.session_life import Lifetime
from security.session_trials import Clock, Examined, examine
from security.trial import route

NAME = "sessions"
FACTS = {
    "security.session_fixation": Unit.YES_NO,
    "security.sign_out_ends_session": Unit.YES_NO,
    "security.session_lifetime": Unit.SECOND,
    "security.expired_session_refused": Unit.YES_NO,
    "security.tokens_without_expiry": Unit.COUNT,
    "security.tokens_forgeable": Unit.COUNT,
    "security.requests_forgeable": Unit.COUNT,
    "security.sign_in_redirects_open": Unit.YES_NO,
    caching.FACT: Unit.COUNT,
    "security.session_cookies_weak": Unit.COUNT,
}
REQUESTS = 600


def collect(
    site: Site,
    *,
    random: Random | None = None,
    budget: Callable[[], Budget] = lambda: Budget(REQUESTS),
    clock: Clock | None = None,
) -> Evidence:
    """Evidence ``sessions``: how the sessions that the journeys begin can be fixed, forged, kept and ended.

    Without a journey that signs in nothing is known. What could not be tried makes the fact unknown.
    """
    refused = refusal(site)
    if refused is not None:
        return unobserved(site, NAME, *refused, FACTS)
    assert site.url is not None
    started = datetime.now(UTC)
    random = SystemRandom() if random is None else random
    clock = Clock() if clock is None else clock
    sender = Sender(site.url.rstrip("/"), budget())
    journeys = in_order(site)
    examined: list[Examined] = []
    try:
        for done, journey in enumerate(journeys):
            site.progress(Text(en="Trying the sessions", fr="Essai des sessions"), done / len(journeys), None)
            examined.append(examine(site, sender, journey, random, clock))
    finally:
        sender.close()
    if all(one.entry is None for one in examined):
        gap = next((one.gap for one in examined if one.gap is not None), None)
        return unobserved(site, NAME, Status.SKIPPED, _NO_SIGN_IN if gap is None else gap, FACTS)
    return _evidence(site, started, examined, sender)


def _evidence(site: Site, started: datetime, examined: list[Examined], sender: Sender) -> Evidence:
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


def _facts(examined: list[Examined], forged: list[Hit], tokens: list[Hit], gap: Text | None) -> tuple[Fact, ...]:
    lives = [one.life for one in examined if one.life is not None]
    attempts = [attempt for one in examined if one.forged is not None for attempt in one.forged.attempts]
    # another site cannot have a browser send a key that is written in a header
    forgeable = [one for one in examined if one.entry is None or one.entry.steps or one.by_cookie]
    untried = any(attempt.taken is None for attempt in attempts) or any(one.forged is None for one in forgeable)
    forging = _UNTRIED if untried and gap is None else gap
    if not attempts and forging is None and any(one.by_cookie for one in examined if one.entry is not None):
        forging = NOTHING_TO_FORGE
    lived = gap if gap is not None or lives else _NO_SESSION
    endless = len({name for life in lives for name in life.endless})
    return (
        _any("security.session_fixation", _by_persona(examined, "fixed"), gap, bad=True),
        _any("security.sign_out_ends_session", _by_persona(examined, "ended"), gap, bad=False),
        _lifetime(lives, gap),
        _outlasted(examined),
        count("security.tokens_without_expiry", endless, lived, f"in {len(lives)} sessions"),
        count("security.tokens_forgeable", len({hit.rule for hit in tokens}), lived, f"in {len(lives)} sessions"),
        count(
            "security.requests_forgeable",
            len({hit.location for hit in forged}),
            forging,
            f"of {len({attempt.route for attempt in attempts})} requests that a cookie alone vouches for",
        ),
        _any("security.sign_in_redirects_open", _by_persona(examined, "redirected"), gap, bad=True),
    )


def _cookies(url: str, examined: list[Examined], gap: Text | None) -> Seen:
    """The cookies that the service set on the journeys."""
    seen = {
        (route(exchange.sent, one.walk.person.values), cookie.name): cookie
        for one in examined
        for _, exchange in one.walk.exchanges()
        if is_of(url, exchange.sent)
        for cookie in cookies.set_by(exchange.reply.cookies)
    }
    return cookies.weak("security.session_cookies_weak", seen, _NO_COOKIE, gap, encrypted=url.startswith("https:"))


def _by_persona(examined: list[Examined], name: str) -> dict[str, list[bool]]:
    """What is known under ``name`` of the journeys of each persona that signs in."""
    known: dict[str, list[bool]] = {}
    for one in examined:
        if one.entry is not None and one.entry.steps:
            value = getattr(one, name)
            known.setdefault(one.walk.journey.persona, []).extend([] if value is None else [value])
    return known


def _any(fact: str, known: dict[str, list[bool]], gap: Text | None, *, bad: bool) -> Fact:
    """``bad`` where one journey shows it; the opposite where each persona was tried and none does, without a gap."""
    values = [value for found in known.values() for value in found]
    detail = f"in {len(values)} journeys"
    nothing = session_life.NO_WAY_OUT if fact == "security.sign_out_ends_session" else _NO_SIGN_IN
    if bad in values:
        return yes_no(fact, bad, nothing, detail)
    if gap is not None or not known or not all(known.values()):
        return yes_no(fact, None, gap if gap is not None else nothing, detail)
    return yes_no(fact, not bad, nothing, detail)


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


def _outlasted(examined: list[Examined]) -> Fact:
    fact = "security.expired_session_refused"
    known = [one.aged for one in examined if one.aged is not None]
    if False in known:
        return yes_no(fact, False, _NOT_OUTLASTED, f"in {len(known)} journeys")
    entered = sum(one.entry is not None and bool(one.entry.steps) for one in examined)
    every = True if known and len(known) == entered else None
    return yes_no(fact, every, _NOT_OUTLASTED, f"in {len(known)} journeys")


def _distinct(hits: Iterable[Hit]) -> list[Hit]:
    """One hit a rule and place: two journeys may show the same."""
    return list({(hit.rule, hit.location, hit.trait): hit for hit in hits}.values())


def _short(sender: Sender) -> Text | None:
    return _SPENT if sender.budget.left <= 0 or time.monotonic() > sender.budget.deadline else None


def _account(one: Examined) -> dict[str, object]:
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


_NO_SIGN_IN = Text(
    en="no sign-in was seen in the journeys: nothing they ask for is closed to anybody, so there was no session to try",
    fr="aucune connexion n’a été vue dans les parcours : rien de ce qu’ils demandent n’est fermé à quiconque, il n’y "
    "avait donc aucune session à essayer",
)
_NO_SESSION = Text(
    en="no session could be looked into, so no token of one was seen",
    fr="aucune session n’a pu être examinée, aucun jeton n’en a donc été vu",
)
_NO_COOKIE = Text(
    en="no cookie was set on the journeys: sessions travel another way, or do not exist",
    fr="aucun cookie n’a été posé dans les parcours : les sessions voyagent autrement, ou n’existent pas",
)
_UNTRIED = Text(
    en="a request could not be tried from another site: it was not answered, or nobody else was there to try it with",
    fr="une requête n’a pas pu être essayée depuis un autre site : elle est restée sans réponse, ou il manquait une "
    "autre personne pour l’essayer",
)
_ENDLESS = Text(
    en="a token names no end, so the session has none that can be told",
    fr="un jeton n’indique aucune fin, la session n’en a donc aucune que l’on puisse dire",
)
_HIDDEN = Text(
    en="the session says nothing of its end: it is known to the service alone",
    fr="la session ne dit rien de sa fin : seul le service la connaît",
)
_NOT_OUTLASTED = Text(
    en="the session names no end, or one later than this profile waits for; the full profile outlasts 30 minutes",
    fr="la session n’indique pas de fin, ou une fin plus lointaine que ce que ce profil attend ; le profil full "
    "patiente plus de 30 minutes",
)
_SPENT = Text(
    en="the bound of requests or of time was reached before everything was tried",
    fr="la limite de requêtes ou de temps a été atteinte avant que tout soit essayé",
)
