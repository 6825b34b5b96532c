"""The life of a session: what begins it, how long it lasts, and whether signing out ends it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlencode, urljoin

import httpx

from scorecard.evidence import Severity, Text
from scorecard.journeys.exchange import Reply, Sent, policy
from scorecard.journeys.person import Person, is_of
from scorecard.journeys.sessions import ends_session
from security import forms
from security.rules import Hit, Rule
from security.sender import Sender
from security.tampering import SHORTEST
from security.token_forgery import held
from security.trial import route
from security.walk import Carried, Entry, Session, Walk, cookie_pairs, without_cookie

LONGEST_S = 30 * 24 * 3600.0
"""No session lasts longer without signing in again, even at the lowest level (NIST SP 800-63B-4, 2.1.3)."""
GRACE_S = 2.0
TIMES = 4
_FIXED = Rule(
    Severity.HIGH,
    "CWE-384",
    "v5.0.0-7.2.4",
    "Give a new session identifier at each sign-in and forget the one before; take none that the service did not make.",
)
_ENDLESS = Rule(
    Severity.MEDIUM,
    "CWE-613",
    "v5.0.0-7.3.2",
    "Give each session an end (12 hours at most for a service that holds personal files) that the server checks.",
)
_OUTLIVES = Rule(
    Severity.HIGH,
    "CWE-613",
    "v5.0.0-9.2.1",
    "Check the end of a session on the server, on each request: what the cookie or the token says binds nobody.",
)
_SURVIVES = Rule(
    Severity.MEDIUM,
    "CWE-613",
    "v5.0.0-7.4.1",
    "Signing out must end the session on the server: forget it, or keep its identifier on a list of ended ones.",
)


@dataclass(frozen=True)
class Lifetime:
    """How long a session says that it lasts (s), and the tokens in it that name no end; ``hidden`` says none does."""

    seconds: float | None
    endless: tuple[str, ...]
    hidden: bool


def fixation(sender: Sender, walk: Walk, entry: Entry) -> Hit | None:
    """The session of ``entry`` opened with what its browser had before signing in, if it is."""
    for carried in entry.before:
        session = walk.session(carried)
        if session[0] and walk.opens(sender, carried):
            return _hit(_signs_in(walk, entry), "session-fixation", _FIXED, _FIXATION)
    return None


def planted(sender: Sender, walk: Walk, entry: Entry, victim: Person) -> Hit | None:
    """The session of ``victim`` (the person of ``walk`` in a new browser) opened with an identifier somebody chose."""
    chosen = httpx.Cookies()
    chosen.jar.set_policy(policy(sender.url))
    for cookie in entry.after.cookies.jar:
        if len(cookie.value or "") >= SHORTEST:
            chosen.set(cookie.name, _other(str(cookie.value)), domain=cookie.domain, path=cookie.path)
    if not list(chosen.jar):
        return None
    victim.plant(chosen)
    for step in entry.steps:
        if not victim.take(step).succeeded:
            break
    attackers = Carried(chosen, {})
    if walk.session(attackers)[0] and walk.opens(sender, attackers):
        return _hit(_signs_in(walk, entry), "session-fixation", _FIXED, _PLANTED)
    return None


def lifetime(sender: Sender, walk: Walk, entry: Entry, now: float) -> Lifetime:
    """How long the session of ``entry`` lasts, at ``now`` (s since 1970), as its cookies and tokens say."""
    session = walk.session(entry.after)
    needed = _needed(sender, walk, session)
    ends: list[float] = []
    endless: list[str] = []
    says = set()
    for cookie in entry.after.cookies.jar:
        if cookie.name in needed and cookie.expires is not None:
            ends.append(cookie.expires - now)
            says.add(cookie.name)
    for one in held(session):
        name = f"cookie {one.cookie}" if one.cookie is not None else f"header {one.header}"
        if one.cookie is not None and one.cookie not in needed:
            continue
        if one.token.expires is None:
            # what the token does not say the server does not check, whatever the cookie says to the browser
            endless.append(name)
        else:
            ends.append(one.token.expires - now)
    hidden = not ends and not endless
    seconds = None if endless or hidden else max(0.0, round(min(ends), 0))
    return Lifetime(seconds, tuple(dict.fromkeys(endless)), hidden)


def too_long(walk: Walk, entry: Entry, life: Lifetime) -> Iterator[Hit]:
    """What is wrong with ``life``."""
    for name in life.endless:
        yield _hit(_signs_in(walk, entry), "token-never-expires", _ENDLESS, _NO_END.format(name=name), trait=name)
    if life.seconds is not None and life.seconds > LONGEST_S:
        days = round(life.seconds / 86400)
        yield _hit(_signs_in(walk, entry), "session-too-long", _ENDLESS, _LONG.format(days=days))


def sign_out(
    sender: Sender, walk: Walk, entry: Entry, *, wait: Callable[[float], None] = time.sleep
) -> tuple[bool | None, Hit | None]:
    """Whether signing out ends the session on the server, None when no way out was found; and the finding if not.

    The way out is a step of the journey, else a form or a link of a page whose address says so. The server has
    :data:`GRACE_S` to tell all its workers.
    """
    before = walk.session(entry.after)
    place = _leave(sender, walk, entry)
    if place is None:
        return None, None
    assert walk.control is not None
    for _ in range(TIMES):
        if not sender.ask(walk.control, *before).answered:
            return None, None
        if not walk.opened_by(sender, before):
            return True, None
        wait(GRACE_S / TIMES)
    return False, _hit(place, "session-survives-sign-out", _SURVIVES, _SURVIVED)


def outlived(walk: Walk, entry: Entry) -> Hit:
    """The finding that the session of ``entry`` works after the end it names."""
    return _hit(_signs_in(walk, entry), "session-outlives-its-end", _OUTLIVES, _OUTLIVED)


def _needed(sender: Sender, walk: Walk, session: Session) -> set[str]:
    """Names of the cookies without which the session opens nothing."""
    cookie, headers = session
    return {
        name
        for name, value in cookie_pairs(cookie).items()
        if len(value) >= SHORTEST and not walk.opened_by(sender, (without_cookie(cookie, name), headers))
    }


def _leave(sender: Sender, walk: Walk, entry: Entry) -> str | None:
    """Sign out, and say by which request; None when there was no way."""
    for step in walk.journey.steps:
        if ends_session(step.path):
            taken = entry.person.take(step)
            answered = any(exchange.reply.answered for exchange in taken.exchanges)
            return route(taken.exchanges[0].sent, entry.person.values) if answered else None
    for sent in _ways_out(sender, walk, entry):
        if _left(sender.send(sent, _cookie(entry, sent))):
            return route(sent, entry.person.values)
    return None


def _ways_out(sender: Sender, walk: Walk, entry: Entry) -> Iterator[Sent]:
    """Requests that sign out, from the pages seen: read anew, since a form may hold a token of the session."""
    seen: set[str] = set()
    for _, exchange in walk.exchanges():
        url = exchange.sent.url
        if not exchange.sent.is_safe or not is_of(sender.url, exchange.sent) or url in seen:
            continue
        if not ends_session(exchange.reply.text):
            continue
        seen.add(url)
        again = replace(exchange.sent, headers={k: v for k, v in exchange.sent.headers.items() if k != "cookie"})
        page = forms.read(sender.send(again, _cookie(entry, again)).text)
        for form in page.forms:
            target = urljoin(url, form.action)
            if ends_session(form.action) and is_of(sender.url, Sent("GET", target)):
                yield _filled(form, target)
        for link in page.links:
            target = urljoin(url, link)
            if ends_session(link) and is_of(sender.url, Sent("GET", target)):
                yield Sent("GET", target)


def _filled(form: forms.Form, target: str) -> Sent:
    typed = urlencode(form.fields)
    if form.method != "POST":
        return Sent("GET", f"{target}?{typed}" if typed else target)
    return Sent("POST", target, {"content-type": "application/x-www-form-urlencoded"}, typed.encode())


def _cookie(entry: Entry, sent: Sent) -> str:
    return entry.person.cookie_for(sent.url)


def _left(reply: Reply) -> bool:
    return reply.accepted or (reply.answered and bool(reply.location))


def _other(value: str) -> str:
    """An identifier of the same length and alphabet that the service never gave."""
    return "".join("a" if c.isalpha() else "7" if c.isdigit() else c for c in value)


def _hit(place: str, rule: str, what: Rule, message: str, trait: str = "") -> Hit:
    return Hit(
        category="session",
        rule=rule,
        what=what,
        location=place,
        place=place,
        trait=trait if trait else rule,
        message=message,
        confidence="HIGH",
    )


def _signs_in(walk: Walk, entry: Entry) -> str:
    """The request after which the person was signed in: the last of the service's own in the step that did it."""
    number = max(0, len(entry.steps) - 1)
    stride = walk.strides[number]
    for exchange in reversed(stride.taken.exchanges):
        if exchange.reply.headers.get("set-cookie") or exchange.sent.method != "GET":
            return route(exchange.sent, walk.person.values)
    return f"{stride.step.method} {stride.step.path.partition('?')[0]}"


_FIXATION = (
    "The session identifier given before signing in is the same after it; whoever set it in a visitor's browser "
    "is then signed in as them."
)
_PLANTED = (
    "A session identifier that the service never gave is taken over at sign-in; whoever planted it in a visitor's "
    "browser is then signed in as them."
)
_NO_END = (
    "The token in the {name}, by which the person is known, names no end (no exp): stolen once, it opens for ever."
)
_LONG = "The session lasts {days} days without signing in again."
_OUTLIVED = "The session still opens what is for the person alone after the end that it names itself."
_SURVIVED = "After signing out, the same session still opens what is for the person alone."
NO_WAY_OUT = Text(
    en="no way to sign out was seen: no step of the journeys, no form and no link of their pages; add a step that "
    "signs out",
    fr="aucun moyen de se déconnecter n’a été vu : ni étape de parcours, ni formulaire, ni lien de leurs pages ; "
    "ajouter une étape qui déconnecte",
)
