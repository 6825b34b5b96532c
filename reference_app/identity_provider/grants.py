"""Codes and access tokens: kept in memory, used once, gone when their time is up."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from reference_app.identity_provider.contract import CODE_LIFE_S, TOKEN_LIFE_S, Issuer


@dataclass(frozen=True)
class Grant:
    """What a person agreed to hand over, to whom, and until when the code or token may be used."""

    identifier: str
    issuer: Issuer
    client_id: str
    redirect_uri: str
    scopes: frozenset[str]
    nonce: str
    code_challenge: str | None
    expires: float


class Ledger:
    """Grants by an unguessable key; ``clock`` gives seconds since the epoch."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._codes: dict[str, Grant] = {}
        self._tokens: dict[str, Grant] = {}

    def code_expiry(self) -> float:
        """When a code given now expires."""
        return self._clock() + CODE_LIFE_S

    def new_code(self, grant: Grant) -> str:
        """Keep ``grant`` under a new code."""
        return self._keep(self._codes, grant)

    def redeem(self, code: str, *, client_id: str, redirect_uri: str, verifier: str | None) -> Grant | None:
        """The grant behind ``code``, once: None when it is unknown, used, expired, or was given for another request."""
        grant = self._codes.pop(code, None)
        if grant is None or grant.expires <= self._clock():
            return None
        if grant.client_id != client_id or grant.redirect_uri != redirect_uri:
            return None
        if grant.code_challenge is not None and _s256(verifier) != grant.code_challenge:
            return None
        return grant

    def new_token(self, grant: Grant) -> str:
        """An access token for the userinfo of ``grant``."""
        return self._keep(self._tokens, Grant(**{**grant.__dict__, "expires": self._clock() + TOKEN_LIFE_S}))

    def holder(self, token: str) -> Grant | None:
        """The grant behind an access token, None when it is unknown or expired."""
        grant = self._tokens.get(token)
        return grant if grant is not None and grant.expires > self._clock() else None

    def _keep(self, where: dict[str, Grant], grant: Grant) -> str:
        now = self._clock()
        # Insertion order is order of expiry: dropping from the front costs nothing under load.
        while where and next(iter(where.values())).expires <= now:
            del where[next(iter(where))]
        key = secrets.token_urlsafe(32)
        where[key] = grant
        return key


def _s256(verifier: str | None) -> str:
    digest = hashlib.sha256((verifier if verifier is not None else "").encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
