"""Signing in with the organisation's identity provider, over OpenID Connect."""

from __future__ import annotations

import secrets
import warnings
from typing import Any

import httpx
from authlib.common.errors import AuthlibBaseError
from joserfc.errors import JoseError
from starlette.requests import Request

from scorecard.evidence import Text
from scorecard.publication.errors import Refusal
from scorecard.publication.settings import Settings

with warnings.catch_warnings():
    # Authlib 1.9 says at its import that it will want httpx2 one day; it sets a filter of its own, so ours comes after.
    import authlib.deprecate

    warnings.simplefilter("ignore", authlib.deprecate.AuthlibDeprecationWarning)
    from authlib.integrations.starlette_client import OAuth

TIMEOUT_S = 5.0
LEEWAY_S = 10


def make_client(settings: Settings) -> Any:
    """The client of the provider; nothing is fetched before the first person signs in."""
    return OAuth().register(
        "provider",
        client_id=settings.client_id,
        client_secret=settings.client_secret.get_secret_value(),
        server_metadata_url=f"{str(settings.issuer).rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={
            "scope": settings.scope,
            "code_challenge_method": "S256",
            "token_endpoint_auth_method": "client_secret_post",
            "timeout": TIMEOUT_S,
            "leeway": LEEWAY_S,
        },
    )


async def leave(client: Any, request: Request, settings: Settings) -> str:
    """Where to send the browser; state, nonce and PKCE verifier stay in the session. Raises Refusal (503)."""
    request.session.clear()  # an attempt given up, or a session of somebody else, does not go along
    callback = f"{settings.origin}/sign-in/callback"
    try:
        started = await client.create_authorization_url(
            callback, state=secrets.token_urlsafe(32), nonce=secrets.token_urlsafe(32), acr_values=settings.acr
        )
    except httpx.HTTPError as error:
        raise _silent() from error
    url: str = started.pop("url")
    await client.save_authorize_data(request, redirect_uri=callback, **started)
    return url


async def come_back(client: Any, request: Request, settings: Settings) -> tuple[str, str]:
    """Subject and name of whoever came back; state, nonce, signature, issuer, audience, expiry and acr are checked.

    Raises:
        Refusal: 400 where one of them is wrong, 503 where the provider does not answer.
    """
    expected = {
        "iss": {"essential": True, "value": str(settings.issuer).rstrip("/")},
        "aud": {"essential": True, "value": settings.client_id},
        "acr": {"essential": True, "value": settings.acr},
        "nonce": {"essential": True},
        "sub": {"essential": True},
    }
    try:
        token = await client.authorize_access_token(request, claims_options=expected, leeway=LEEWAY_S)
        checked = token["userinfo"]
        claims = await client.userinfo(token=token)
    except httpx.HTTPError as error:
        raise _silent() from error
    except (AuthlibBaseError, JoseError, ValueError, KeyError) as error:
        raise _failed() from error
    if claims.get("sub") != checked["sub"]:
        raise _failed()
    family = claims.get("usual_name") or claims.get("family_name") or ""
    return str(checked["sub"]), f"{claims.get('given_name', '')} {family}".strip()[:100]


def _failed() -> Refusal:
    return Refusal(
        400,
        Text(
            en="The identity provider did not confirm who you are, or it took too long. Start signing in again.",
            fr="Le fournisseur d’identité n’a pas confirmé qui vous êtes, ou cela a pris trop de temps. Recommencez.",
        ),
    )


def _silent() -> Refusal:
    return Refusal(
        503,
        Text(
            en="The identity provider does not answer. Try again in a few minutes.",
            fr="Le fournisseur d’identité ne répond pas. Réessayez dans quelques minutes.",
        ),
    )
