"""The endpoints of both issuers, as one small ASGI application."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from reference_app.identity_provider import identities, page
from reference_app.identity_provider.contract import TOKEN_LIFE_S, Client, Issuer, Problem, check_authorize, issuers
from reference_app.identity_provider.grants import Grant, Ledger
from reference_app.identity_provider.tokens import Signer

Clock = Callable[[], float]
_NO_STORE = {"Cache-Control": "no-store"}


@dataclass(frozen=True)
class Provider:
    """One issuer with what it needs to answer."""

    issuer: Issuer
    client: Client
    signer: Signer
    ledger: Ledger
    acr: str
    clock: Clock


def create_app(base: str, client: Client, *, acr: str = "eidas1", clock: Clock = time.time) -> Starlette:
    """Both issuers below ``base`` (scheme, host, port), for one registered ``client``.

    ``acr`` is the level granted, whatever was asked for.
    """
    signer = Signer()
    ledger = Ledger(clock)
    routes: list[BaseRoute] = []
    for issuer in issuers(base):
        routes += _routes(Provider(issuer, client, signer, ledger, acr, clock))
    return Starlette(routes=routes)


def _routes(provider: Provider) -> list[BaseRoute]:
    async def discovery(_: Request) -> Response:
        return JSONResponse(_metadata(provider))

    async def jwks(_: Request) -> Response:
        return JSONResponse(provider.signer.jwks())

    async def authorize(request: Request) -> Response:
        return await _authorize(provider, request)

    async def token(request: Request) -> Response:
        return await _token(provider, request)

    async def userinfo(request: Request) -> Response:
        return _userinfo(provider, request)

    async def check_token(request: Request) -> Response:
        return await _check_token(provider, request)

    async def end(request: Request) -> Response:
        return _end_session(provider, request)

    path = provider.issuer.path
    return [
        Route(f"{path}/.well-known/openid-configuration", discovery),
        Route(f"{path}/jwks", jwks),
        Route(f"{path}/authorize", authorize, methods=["GET", "POST"]),
        Route(f"{path}/token", token, methods=["POST"]),
        Route(f"{path}/userinfo", userinfo),
        Route(f"{path}/checktoken", check_token, methods=["POST"]),
        Route(f"{path}/session/end", end),
    ]


def _metadata(provider: Provider) -> dict[str, object]:
    issuer = provider.issuer
    return {
        "issuer": issuer.url,
        "authorization_endpoint": issuer.endpoint("authorize"),
        "token_endpoint": issuer.endpoint("token"),
        "userinfo_endpoint": issuer.endpoint("userinfo"),
        "jwks_uri": issuer.endpoint("jwks"),
        "end_session_endpoint": issuer.endpoint("session/end"),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": list(issuer.scopes),
        "acr_values_supported": ["eidas1"],
    }


async def _authorize(provider: Provider, request: Request) -> Response:
    """GET shows the test identities; POST signs one of them in and goes back to the service with a code."""
    checked = check_authorize(
        request.query_params.multi_items(), provider.issuer, provider.client, _asked_acr(provider, request)
    )
    if isinstance(checked, Problem):
        # Never a redirect: the address to go back to may be part of what is wrong.
        return JSONResponse({"error": checked.error, "error_description": checked.description}, 400, headers=_NO_STORE)
    action = f"{provider.issuer.endpoint('authorize')}?{urlencode(checked)}"
    back = checked["redirect_uri"]
    if request.method == "GET":
        return _page(provider, action, back, wrong=None)
    async with request.form(max_files=0, max_fields=2) as form:
        identifier = str(form.get("identity", "")).strip().lower()
    if not identities.is_identifier(identifier):
        return _page(provider, action, back, wrong=identifier)
    code = provider.ledger.new_code(
        Grant(
            identifier=identifier,
            issuer=provider.issuer,
            client_id=provider.client.id,
            redirect_uri=back,
            scopes=frozenset(checked["scope"].split()),
            nonce=checked["nonce"],
            code_challenge=checked.get("code_challenge"),
            expires=provider.ledger.code_expiry(),
        )
    )
    answer = urlencode({"code": code, "state": checked["state"], "iss": provider.issuer.url})
    return RedirectResponse(f"{back}?{answer}", status_code=303, headers=_NO_STORE)


def _asked_acr(provider: Provider, request: Request) -> str:
    """The level that must have been asked for; a stand-in set to grant another level still lets the request in."""
    known = _metadata(provider)["acr_values_supported"]
    assert isinstance(known, list)  # nosec B101 (states an invariant to the reader and to the type checker)
    return provider.acr if provider.acr in known else str(request.query_params.get("acr_values", "")).partition(" ")[0]


def _page(provider: Provider, action: str, back: str, *, wrong: str | None) -> Response:
    parts = urlsplit(back)
    policy = (
        f"default-src 'none'; style-src 'self' {page.STYLE_HASH}; base-uri 'none'; frame-ancestors 'none'; "
        f"form-action 'self' {parts.scheme}://{parts.netloc}"
    )
    headers = _NO_STORE | {"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff"}
    content = page.render(
        provider.issuer.name, action=action, suggested=identities.SUGGESTED[provider.issuer.persona], wrong=wrong
    )
    return HTMLResponse(content, 200 if wrong is None else 422, headers=headers)


async def _token(provider: Provider, request: Request) -> Response:
    async with request.form(max_files=0, max_fields=10) as form:
        given = {name: str(value) for name, value in form.items()}
    known = given.get("client_id") == provider.client.id
    if not (known and hmac.compare_digest(given.get("client_secret", "").encode(), provider.client.secret.encode())):
        return JSONResponse({"error": "invalid_client"}, 401, headers=_NO_STORE)
    if given.get("grant_type") != "authorization_code":
        return JSONResponse({"error": "unsupported_grant_type"}, 400, headers=_NO_STORE)
    grant = provider.ledger.redeem(
        given.get("code", ""),
        client_id=given["client_id"],
        redirect_uri=given.get("redirect_uri", ""),
        verifier=given.get("code_verifier"),
    )
    if grant is None or grant.issuer != provider.issuer:
        return JSONResponse({"error": "invalid_grant"}, 400, headers=_NO_STORE)
    access = provider.ledger.new_token(grant)
    answer = {
        "access_token": access,
        "token_type": "Bearer",  # nosec B105 (a word of OAuth, no password)
        "expires_in": TOKEN_LIFE_S,
        "id_token": provider.signer.id_token(grant, acr=provider.acr, access_token=access, now=provider.clock()),
    }
    return JSONResponse(answer, headers=_NO_STORE)


def _userinfo(provider: Provider, request: Request) -> Response:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    grant = provider.ledger.holder(token) if scheme.lower() == "bearer" else None
    if grant is None or grant.issuer != provider.issuer:
        return JSONResponse({"error": "invalid_token"}, 401, headers={"WWW-Authenticate": "Bearer"})
    claims = identities.claims(grant.identifier, grant.issuer, grant.scopes)
    return JSONResponse({"sub": provider.signer.subject(grant), **claims}, headers=_NO_STORE)


async def _check_token(provider: Provider, request: Request) -> Response:
    """Whose an access token is and what they agreed to, for the data services that take it."""
    async with request.form(max_files=0, max_fields=5) as form:
        grant = provider.ledger.holder(str(form.get("token", "")))
    if grant is None or grant.issuer != provider.issuer:
        return JSONResponse({"active": False}, headers=_NO_STORE)
    told = {"active": True, "sub": provider.signer.subject(grant), "scope": " ".join(sorted(grant.scopes))}
    return JSONResponse(told, headers=_NO_STORE)


def _end_session(provider: Provider, request: Request) -> Response:
    hint = request.query_params.get("id_token_hint", "")
    back = request.query_params.get("post_logout_redirect_uri", "")
    if back not in provider.client.logout_uris or not provider.signer.is_ours(hint, provider.issuer.url):
        return JSONResponse({"error": "invalid_request"}, 400, headers=_NO_STORE)
    state = request.query_params.get("state", "")
    return RedirectResponse(f"{back}?{urlencode({'state': state})}" if state else back, 303, headers=_NO_STORE)
