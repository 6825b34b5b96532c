"""The pages around signing in: choice of provider, way there, way back, signing out."""

from __future__ import annotations

from typing import Literal, assert_never

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from reference_app import language, sessions
from reference_app.errors import N_, Forbidden
from reference_app.instruction import agents
from reference_app.notifications import correspondence
from reference_app.pages import local_path, page, posted, see_other
from reference_app.parts import Given, Parts
from reference_app.sessions import Person, SignedIn
from reference_app.sign_in.accounts import account_of
from reference_app.sign_in.providers import authorization_url, identity
from reference_app.sign_in.roles import Role
from reference_app.sources.family_allowances import SCOPES
from reference_app.sources.pages import AGREED, agreed

Who = Literal["business", "agent"]
ID_TOKEN = "id_token"  # noqa: S105 (the name of a cookie)
NEXT = "next"
CLEARED = '"storage"'
"""What the browser forgets of this service at sign-out, in every tab. Not "cookies", which go for all services below
the same domain, and not "cache", in which nothing of a person is: docs/decisions/0227."""

router = APIRouter(include_in_schema=False)


@router.get("/sign-in")
async def choose(request: Request) -> Response:
    """Choose a provider."""
    following = local_path(request.query_params.get(NEXT, ""))
    return page(request, "sign_in.html", following=following)


@router.get("/sign-in/{who}")
async def leave(request: Request, parts: Given, who: Who) -> Response:
    """Go to the provider."""
    if AGREED in request.query_params and AGREED in request.session:
        more = SCOPES
    else:
        request.session.pop(
            AGREED, None
        )  # of a way that was not gone to its end: this one asks for no more than a name
        more = ""
    url = await authorization_url(parts.providers[_role(who)], request, _callback(parts, who), more)
    following = local_path(request.query_params.get(NEXT, ""))
    if following:
        request.session[NEXT] = following
    return RedirectResponse(url, status_code=303)


@router.get("/sign-in/{who}/callback")
async def come_back(request: Request, parts: Given, who: Who) -> Response:
    """Come back from the provider, signed in."""
    provider = parts.providers[_role(who)]
    found = await identity(provider, request)
    claims = found.claims
    if provider.role == "agent" and claims.get("siret") not in parts.settings.agent_sirets:
        raise Forbidden(N_("Your organisation does not handle this procedure."))
    family = claims.get("usual_name" if provider.role == "agent" else "family_name", "")
    name = f"{claims.get('given_name', '')} {family}".strip()[:100]
    async with parts.pool.connection() as connection:
        if provider.role == "agent":
            account = await agents.account_of(connection, found.subject, name, claims.get("email"))
        else:
            account = await account_of(connection, provider.role, found.subject)
            if parts.mailer is not None:
                spoken = language.wanted(request)
                await correspondence.begin(connection, account, claims.get("email", ""), spoken, parts.clock())
    following, wanted = local_path(str(request.session.get(NEXT, ""))), request.session.get(AGREED)
    sessions.start(request, Person(account=account, role=provider.role, name=name))
    home = "/agent/dossiers" if provider.role == "agent" else "/dossiers"
    if wanted is not None and provider.role == "citizen":
        following = await agreed(parts, account, wanted, found.access_token)
    response = see_other(following if following else home)
    # Sent back to this address only: it is needed to sign out of the provider too, and for nothing else.
    response.set_cookie(
        ID_TOKEN,
        found.id_token,
        max_age=sessions.LONGEST_S,
        path="/sign-out",
        httponly=True,
        samesite="lax",
        secure=parts.settings.https,
    )
    return response


@router.post("/sign-out")
async def sign_out(request: Request, parts: Given, person: SignedIn) -> Response:
    """Sign out here, then at the provider."""
    await posted(request, person)
    hint = request.cookies.get(ID_TOKEN)
    await sessions.end(request)
    target = f"{parts.settings.origin}/signed-out"
    if hint is not None:
        client = parts.providers[person.role].client
        target = (await client.create_logout_url(post_logout_redirect_uri=target, id_token_hint=hint))["url"]
    response = see_other(target)
    response.delete_cookie(ID_TOKEN, path="/sign-out")
    response.headers["Clear-Site-Data"] = CLEARED
    return response


@router.get("/signed-out")
async def signed_out(request: Request) -> Response:
    """The end."""
    return page(request, "signed_out.html")


def _role(who: Who) -> Role:
    match who:
        case "business":
            return "citizen"
        case "agent":
            return "agent"
        case _:
            assert_never(who)


def _callback(parts: Parts, who: Who) -> str:
    return f"{parts.settings.origin}/sign-in/{who}/callback"
