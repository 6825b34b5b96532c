"""Requests that another site could have a signed-in visitor's browser send (CSRF)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlencode

from scorecard.evidence import Severity, Text
from scorecard.journeys.exchange import Reply, Sent
from scorecard.journeys.person import PROOF, Person, is_of
from scorecard.project_journeys import Step
from security.resemblance import resembles, same
from security.rules import Hit, Rule
from security.sender import Sender
from security.trial import route
from security.walk import Carried, Stride, Walk

ORIGIN = "https://portance.example"
_FOREIGN = {"origin": ORIGIN, "referer": ORIGIN + "/", "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
_FORM = "application/x-www-form-urlencoded"
_REMEDY = (
    "Refuse requests that change something unless Sec-Fetch-Site or Origin say that they come from the service itself, "
    "and give forms a token bound to the person."
)
_OPEN = Rule(Severity.HIGH, "CWE-352", "v5.0.0-3.5.1", _REMEDY)
_BY_COOKIE_ALONE = Rule(Severity.MEDIUM, "CWE-352", "v5.0.0-3.5.1", _REMEDY)


@dataclass(frozen=True)
class Attempt:
    """A write tried from another site; ``how`` says with which token, ``taken`` is None when nobody can tell."""

    route: str
    how: str
    taken: bool | None


@dataclass(frozen=True)
class Forged:
    """A walk whose writes were tried from another site first."""

    walk: Walk
    attempts: tuple[Attempt, ...]
    hits: tuple[Hit, ...]


def walk_forged(sender: Sender, first: Walk, victim: Person, signed_in_from: int) -> Forged:
    """Take ``victim`` through the journey that ``first`` took, and try each write from another site before they do it.

    Only what a page of another site can send without asking is tried: POST, by cookie, as a form or as plain text. A
    refusal counts if the victim's own request is taken right after.
    """
    walk = Walk(first.journey, victim)
    attempts: list[Attempt] = []
    hits: list[Hit] = []
    for number, step in enumerate(walk.steps):
        replies = _tries(sender, first, victim, step) if number >= signed_in_from else []
        before = Carried.by(victim)
        taken = victim.take(step)
        walk.strides.append(Stride(step, before, taken))
        model = first.strides[number].taken if number < len(first.strides) else taken
        place = route(taken.exchanges[0].sent, victim.values) if taken.exchanges else f"{step.method} {step.path}"
        for how, reply in replies:
            done = taken if taken.succeeded else model
            own = done.exchanges[0].reply if done.exchanges else None
            outcome = _outcome(reply, own, succeeded=taken.succeeded)
            attempts.append(Attempt(place, how, outcome))
            if outcome:
                hits.append(_hit(place, how, same_site=_same_site(first)))
        if not taken.succeeded:
            break
    return Forged(walk, tuple(attempts), tuple(hits))


def _tries(sender: Sender, first: Walk, victim: Person, step: Step) -> list[tuple[str, Reply]]:
    """Answers to the write of ``step`` as another site would have it sent, each with how."""
    try:
        sent = victim.write(step)
        with_anothers = victim.write(step, first.person.values)
    except KeyError:
        return []
    cookie = victim.cookie_for(sent.url)
    if sent.method != "POST" or not is_of(sender.url, sent) or not cookie or sent.credentials:
        return []
    tries = [("without any token", _without_proofs(step, sent))]
    if with_anothers.body != sent.body:
        tries.append(("with the token of another person", with_anothers))
    found: list[tuple[str, Reply]] = []
    for how, forged in tries:
        reply = sender.send(_from_elsewhere(forged), cookie)
        found.append((how, reply))
        if _says_yes(reply):
            break
    return found


def _without_proofs(step: Step, sent: Sent) -> Sent:
    if step.form is None or sent.body is None:
        return sent
    kept = [(k, v) for k, v in parse_qsl(sent.body.decode(), keep_blank_values=True) if not _is_proof(step, k)]
    return replace(sent, body=urlencode(kept).encode())


def _is_proof(step: Step, name: str) -> bool:
    """Whether a field is a proof that the form was asked for: by its name or by that of its placeholder."""
    template = (step.form or {}).get(name, "")
    return bool(PROOF.search(name) or PROOF.search(template.strip("{}")))


def _from_elsewhere(sent: Sent) -> Sent:
    """``sent`` as a form of another site sends it: its own headers gone, a body of JSON called plain text."""
    kind = next((v for k, v in sent.headers.items() if k.lower() == "content-type"), "")
    plain = kind if kind.startswith(_FORM) or not kind else "text/plain"
    headers = {**_FOREIGN, "accept": "*/*", **({"content-type": plain} if plain else {})}
    return replace(sent, headers=headers)


def _outcome(reply: Reply, own: Reply | None, *, succeeded: bool) -> bool | None:
    if not reply.answered:
        return None
    if own is None:
        return None
    yes = _says_yes(reply) and (same(reply, own) or resembles(reply, own, None))
    # refused, and so was the one who may: nothing is known of the refusal
    return True if yes else False if succeeded else None


def _same_site(walk: Walk) -> bool:
    """Whether all cookies are kept from requests of other sites by what they say themselves."""
    spellings = ("SameSite", "samesite", "Samesite", "SAMESITE")
    said = [
        next(
            (str(cookie.get_nonstandard_attr(name)).lower() for name in spellings if cookie.has_nonstandard_attr(name)),
            "",
        )
        for cookie in walk.person.kept().jar
    ]
    return bool(said) and all(value in ("lax", "strict") for value in said)


def _says_yes(reply: Reply) -> bool:
    return reply.accepted or (reply.answered and bool(reply.location))


def _hit(place: str, how: str, *, same_site: bool) -> Hit:
    more = " Only SameSite keeps browsers from it, and not on sites of the same domain." if same_site else ""
    return Hit(
        category="csrf",
        rule="cross-site-request",
        what=_BY_COOKIE_ALONE if same_site else _OPEN,
        location=place,
        place=place,
        trait="csrf",
        message=f"{place} is carried out when a page of another site ({ORIGIN}) has the browser of a signed-in person "
        f"send it {how}.{more}",
        confidence="HIGH",
    )


NOTHING_TO_FORGE = Text(
    en="no journey changes anything by POST while signed in with a cookie, so there was nothing to forge",
    fr="aucun parcours ne modifie quoi que ce soit par POST en étant connecté par un cookie, il n’y avait donc rien à "
    "contrefaire",
)
