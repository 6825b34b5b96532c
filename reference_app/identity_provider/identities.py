"""Test identities, derived from the identifier alone: millions of people, none stored."""

from __future__ import annotations

import hashlib
import re

from reference_app.identity_provider.contract import Issuer

SUGGESTED = {
    "citizen": ("business-000001", "business-000002", "business-000003"),
    "agent": ("agent-01", "agent-02", "agent-03"),
}
CHAMBER_SIRET = "18750000400010"
"""Organisation of every test agent: a number of the right form (Luhn), made up for the demo."""

_IDENTIFIER = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_GIVEN = ("Camille", "Dominique", "Sacha", "Noor", "Maël", "Inès", "Yann", "Aminata")
_FAMILY = ("Martin", "Le Goff", "Nguyen", "Diallo", "Lefèvre", "Garcia", "Haddad", "Kowalski")


def is_identifier(text: str) -> bool:
    """Whether ``text`` may name a test identity: 1 to 64 of a-z, 0-9, ``_``, ``.``, ``-``."""
    return _IDENTIFIER.fullmatch(text) is not None


def subject(identifier: str, client_id: str) -> str:
    """Pairwise subject: 66 characters ending ``v1``, different for each client, the same after a restart.

    The real providers keep a secret in it; here the identities are public anyway.
    """
    return hashlib.sha256(f"{client_id}\0{identifier}".encode()).hexdigest() + "v1"


def claims(identifier: str, issuer: Issuer, scopes: frozenset[str]) -> dict[str, str]:
    """What userinfo says of the identity, limited to the scopes granted."""
    number = int.from_bytes(hashlib.sha256(identifier.encode()).digest()[:4], "big")
    family = _FAMILY[number // len(_GIVEN) % len(_FAMILY)]
    known = {
        "given_name": _GIVEN[number % len(_GIVEN)],
        "family_name": family,
        "usual_name": family,
        "email": f"{identifier}@example.org",
        "uid": identifier,
        "siret": CHAMBER_SIRET,
        "idp_id": "stand-in",
    }
    return {name: value for name, value in known.items() if name in scopes and name in issuer.scopes}
