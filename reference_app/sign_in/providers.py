"""The two identity providers as OpenID Connect clients: what is asked for and what must come back."""

from __future__ import annotations

import logging
import secrets
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from authlib.common.errors import AuthlibBaseError
from joserfc.errors import JoseError
from starlette.requests import Request

from reference_app.errors import N_, SignInFailed, Unavailable
from reference_app.outgoing import TIMEOUT_S, Outgoing
from reference_app.settings import Settings
from reference_app.sign_in.roles import Role

with warnings.catch_warnings():
    # Authlib 1.9 says at its import that it will want httpx2 one day; it sets a filter of its own, so ours comes after.
    import authlib.deprecate

    warnings.simplefilter("ignore", authlib.deprecate.AuthlibDeprecationWarning)
    from authlib.integrations.starlette_client import OAuth

_log = logging.getLogger("reference_app")
_SILENT = N_("The identity provider does not answer. Try again in a few minutes.")

LEEWAY_S = 10
"""Difference allowed between the clocks of the provider and of the service."""


@dataclass(frozen=True)
class Provider:
    """One provider: its Authlib client and the level of assurance that must come back."""

    role: Role
    issuer: str
    acr: str
    scope: str
    client: Any


Providers = Mapping[Role, Provider]


def make_providers(settings: Settings, outgoing: Outgoing) -> Providers:
    """Clients of both providers; nothing is fetched before the first person signs in."""
    oauth = OAuth()

    def provider(role: Role, issuer: str, client_id: str, secret: str, acr: str, scope: str) -> Provider:
        client = oauth.register(
            role,
            client_id=client_id,
            client_secret=secret,
            server_metadata_url=f"{issuer}/.well-known/openid-configuration",
            client_kwargs={
                "scope": scope,
                "code_challenge_method": "S256",
                "token_endpoint_auth_method": "client_secret_post",  # nosec B105 (a word of OAuth, no password)
                "timeout": TIMEOUT_S,
                "transport": outgoing,  # Authlib makes a client for every call: they share one pool of connections
                "leeway": LEEWAY_S,  # Authlib's default, 60 s, is the whole life of these access tokens
            },
        )
        return Provider(role=role, issuer=issuer, acr=acr, scope=scope, client=client)

    return {
        "citizen": provider(
            "citizen",
            str(settings.citizen_issuer).rstrip("/"),
            settings.citizen_client_id,
            settings.citizen_client_secret.get_secret_value(),
            settings.citizen_acr,
            "openid given_name family_name email",
        ),
        "agent": provider(
            "agent",
            str(settings.agent_issuer).rstrip("/"),
            settings.agent_client_id,
            settings.agent_client_secret.get_secret_value(),
            settings.agent_acr,
            "openid given_name usual_name email uid siret",
        ),
    }


@dataclass(frozen=True)
class Identity:
    """Who came back from a provider; the access token serves for a minute, and is not kept."""

    subject: str
    claims: Mapping[str, str]
    id_token: str
    access_token: str


async def authorization_url(provider: Provider, request: Request, callback: str, more: str = "") -> str:
    """Where to send the browser; state, nonce and PKCE verifier are kept in the session, for this attempt only.

    ``more`` are scopes that the person is asked to agree to beside those of every sign-in.

    Raises:
        Unavailable: the provider does not answer.
    """
    for key in [key for key in request.session if key.startswith("_state_")]:
        del request.session[key]  # attempts given up would make the cookie grow past what browsers keep
    try:
        started = await provider.client.create_authorization_url(
            callback,
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            acr_values=provider.acr,
            scope=f"{provider.scope} {more}".strip(),
        )
    except httpx.HTTPError as error:
        raise Unavailable(_SILENT) from error
    url: str = started.pop("url")
    await provider.client.save_authorize_data(request, redirect_uri=callback, **started)
    return url


async def identity(provider: Provider, request: Request) -> Identity:
    """Whoever came back from the provider.

    State, nonce, signature, issuer, audience, expiry and level of assurance are checked.

    Raises:
        SignInFailed: one of them is wrong, or the provider refused the code.
        Unavailable: the provider does not answer.
    """
    expected = {
        "iss": {"essential": True, "value": provider.issuer},
        "aud": {"essential": True, "value": provider.client.client_id},
        "acr": {"essential": True, "value": provider.acr},
        "nonce": {"essential": True},
        "sub": {"essential": True},
    }
    try:
        token = await provider.client.authorize_access_token(request, claims_options=expected, leeway=LEEWAY_S)
        checked = token["userinfo"]
        claims = await provider.client.userinfo(token=token)
    except httpx.HTTPStatusError as error:
        raise _failed(f"userinfo answered {error.response.status_code}") from error
    except httpx.HTTPError as error:
        raise Unavailable(_SILENT) from error
    except (AuthlibBaseError, JoseError, ValueError, KeyError) as error:
        raise _failed(f"{type(error).__name__} {getattr(error, 'error', '')}") from error
    if claims.get("sub") != checked["sub"]:
        raise _failed("userinfo is about another subject")
    return Identity(str(checked["sub"]), claims, str(token["id_token"]), str(token["access_token"]))


def _failed(why: str) -> SignInFailed:
    _log.warning("sign-in failed: %s", why)
    return SignInFailed(
        N_("The identity provider did not confirm who you are, or it took too long. Start signing in again.")
    )
