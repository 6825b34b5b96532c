"""What the two issuers promise, as their public documentation states it: paths, parameters, lives, lengths."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

SECRET_VARIABLE = "PORTANCE_IDENTITY_CLIENT_SECRET"  # noqa: S105 (the name of a variable, not its value)

CODE_LIFE_S = 30
TOKEN_LIFE_S = 60

ALLOWED = frozenset(
    {
        "client_id",
        "response_type",
        "redirect_uri",
        "scope",
        "state",
        "nonce",
        "acr_values",
        "claims",
        "prompt",
        "idp_hint",
        "ui_locales",
        "code_challenge",
        "code_challenge_method",
    }
)
REQUIRED = ("client_id", "response_type", "redirect_uri", "scope", "state", "nonce", "acr_values")

Persona = Literal["citizen", "agent"]


@dataclass(frozen=True)
class Issuer:
    """One of the two providers."""

    persona: Persona
    name: str
    url: str
    path: str
    scopes: tuple[str, ...]
    nonce_min: int
    state_min: int
    unknown_parameter: str

    def endpoint(self, name: str) -> str:
        """Absolute URL of an endpoint."""
        return f"{self.url}/{name}"


@dataclass(frozen=True)
class Client:
    """A service known to the stand-in."""

    id: str
    secret: str
    redirect_uris: frozenset[str]
    logout_uris: frozenset[str]


@dataclass(frozen=True)
class Problem:
    """Why an authorization request is refused."""

    error: str
    description: str


def issuers(base: str) -> tuple[Issuer, Issuer]:
    """The citizens' issuer ``<base>/api/v2`` and the agents' issuer ``<base>/agents/api/v2``."""
    return (
        Issuer(
            persona="citizen",
            name="Identité Test",
            url=f"{base}/api/v2",
            path="/api/v2",
            scopes=("openid", "given_name", "family_name", "email", "cnaf_quotient_familial", "cnaf_enfants"),
            nonce_min=22,
            state_min=1,
            unknown_parameter="Y030026",
        ),
        Issuer(
            persona="agent",
            name="Agent Test",
            url=f"{base}/agents/api/v2",
            path="/agents/api/v2",
            scopes=("openid", "given_name", "usual_name", "email", "uid", "siret", "idp_id"),
            nonce_min=32,
            state_min=32,
            unknown_parameter="Y000400",
        ),
    )


def check_authorize(
    parameters: Iterable[tuple[str, str]], issuer: Issuer, client: Client, acr: str
) -> dict[str, str] | Problem:
    """The parameters of a good authorization request, or the first thing wrong with it."""
    pairs = list(parameters)
    given = dict(pairs)
    if len(given) != len(pairs):
        return Problem("invalid_request", "a parameter is given twice")
    if unknown := sorted(set(given) - ALLOWED):
        return Problem("invalid_request", f"{issuer.unknown_parameter}: unknown parameter {unknown[0]}")
    if missing := [name for name in REQUIRED if not given.get(name)]:
        return Problem("invalid_request", f"missing parameter {missing[0]}")
    if given["client_id"] != client.id:
        return Problem("invalid_client", "unknown client_id")
    if given["redirect_uri"] not in client.redirect_uris:
        return Problem("invalid_request", "this redirect_uri is not registered for the client")
    if given["response_type"] != "code":
        return Problem("unsupported_response_type", "only response_type=code is supported")
    if len(given["nonce"]) < issuer.nonce_min:
        return Problem("invalid_request", f"nonce must have at least {issuer.nonce_min} characters")
    if len(given["state"]) < issuer.state_min:
        return Problem("invalid_request", f"state must have at least {issuer.state_min} characters")
    scopes = given["scope"].split()
    if "openid" not in scopes or not set(scopes) <= set(issuer.scopes):
        return Problem("invalid_scope", f"scope must hold openid and may hold {' '.join(issuer.scopes[1:])}")
    if acr not in given["acr_values"].split():
        return Problem("invalid_request", f"acr_values must hold {acr}")
    if given.get("code_challenge") and given.get("code_challenge_method") != "S256":
        return Problem("invalid_request", "code_challenge_method must be S256")
    return given
