"""Whether the service takes a token that anybody could have written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, RSAKey

from scorecard.evidence import Severity
from scorecard.journeys.exchange import Sent
from scorecard.journeys.person import is_of
from security.rules import Hit, Rule
from security.sender import Sender
from security.tokens import Token, confused, find, unsigned, well_known_key
from security.trial import route
from security.walk import Session, Walk, cookie_pairs

_KEYS_AT = ("/.well-known/jwks.json", "/jwks", "/jwks.json", "/.well-known/openid-configuration")
_NONE = Rule(
    Severity.CRITICAL,
    "CWE-347",
    "v5.0.0-9.1.2",
    "Give the verifier the list of algorithms it may accept, one, and never the one that the token names.",
)
_CONFUSED = Rule(
    Severity.CRITICAL,
    "CWE-347",
    "v5.0.0-9.1.2",
    "Accept one kind of algorithm with one kind of key: a public key must never be taken for a shared secret.",
)
_WEAK = Rule(
    Severity.CRITICAL,
    "CWE-1391",
    "v5.0.0-11.2.3",
    "Sign with a key drawn at random (32 bytes or more), kept in the environment; every token signed until now ends.",
)


@dataclass(frozen=True)
class Held:
    """A token and where it travels: the cookie of that name, or the header."""

    token: Token
    cookie: str | None
    header: str | None


def held(session: Session) -> Iterator[Held]:
    """The tokens in a session."""
    cookie, headers = session
    for name, value in cookie_pairs(cookie).items():
        for token in find(value):
            yield Held(token, name, None)
    for name, value in headers.items():
        for token in find(value):
            yield Held(token, None, name)


def forged(sender: Sender, walk: Walk, session: Session) -> list[Hit]:
    """The ways in which a token of ``session`` can be written by anybody and opens what the person alone may open."""
    hits: list[Hit] = []
    for one in held(session):
        assert walk.control is not None
        place = route(walk.control.sent, walk.person.values)
        if any(_opens(sender, walk, session, one.token.text, text) for text in unsigned(one.token)):
            hits.append(_hit(place, one, "token-without-signature", _NONE, "when it is not signed (alg none)"))
        elif one.token.algorithm[:2] in ("RS", "PS", "ES") and any(
            _opens(sender, walk, session, one.token.text, text)
            for text in confused(one.token, _public_keys(sender, one.token))
        ):
            hits.append(
                _hit(place, one, "token-key-confusion", _CONFUSED, "when it is signed with the public key as a secret")
            )
        if well_known_key(one.token) is not None:
            hits.append(_hit(place, one, "token-weak-key", _WEAK, "signed with a key that stands in tutorials"))
    return hits


def _opens(sender: Sender, walk: Walk, session: Session, old: str, new: str) -> bool:
    cookie, headers = session
    return walk.opened_by(sender, (cookie.replace(old, new), {k: v.replace(old, new) for k, v in headers.items()}))


def _public_keys(sender: Sender, token: Token) -> list[bytes]:
    """The public keys the service shows, in the forms a verifier may hold them: PEM with and without a last line."""
    found: list[bytes] = []
    for shown in _shown_keys(sender, token):
        try:
            key = JWKRegistry.import_key(shown)
        except (JoseError, ValueError, KeyError, TypeError, AttributeError):
            continue
        if isinstance(key, RSAKey | ECKey) and token.header.get("kid") in (None, key.kid):
            pem = bytes(key.as_pem(private=False))
            found += [pem, pem.strip()]
    return found


def _shown_keys(sender: Sender, token: Token) -> list[dict[str, Any]]:
    """The keys of the first key set found (RFC 7517, 5), at the usual places of the service and of the issuer."""
    issuer = str(token.claims.get("iss", "")).rstrip("/")
    bases = dict.fromkeys([sender.url, *([issuer] if _is_near(sender.url, issuer) else [])])
    for base in bases:
        for path in _KEYS_AT:
            document = _json(sender, base + path)
            if isinstance(document.get("jwks_uri"), str) and _is_near(sender.url, str(document["jwks_uri"])):
                document = _json(sender, str(document["jwks_uri"]))
            keys = document.get("keys")
            if isinstance(keys, list):
                return [key for key in keys if isinstance(key, dict)]
    return []


def _json(sender: Sender, url: str) -> dict[str, object]:
    reply = sender.send(Sent("GET", url))
    try:
        document = json.loads(reply.body) if reply.accepted else {}
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _is_near(url: str, other: str) -> bool:
    """Whether another address may be asked too: the service itself, or another port of its host."""
    return other.startswith(("http://", "https://")) and (
        is_of(url, Sent("GET", other)) or urlsplit(other).hostname == urlsplit(url).hostname
    )


def _hit(place: str, one: Held, rule: str, what: Rule, how: str) -> Hit:
    where = f"cookie {one.cookie}" if one.cookie is not None else f"header {one.header}"
    return Hit(
        category="session",
        rule=rule,
        what=what,
        location=place,
        place=place,
        trait=rule,
        message=f"The service takes the token of the {where} {how}: anybody can be anybody.",
        confidence="HIGH",
    )
