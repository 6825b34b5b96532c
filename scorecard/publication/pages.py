"""What people see: the projects, the history of each, the page of a run, and who may do what."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from scorecard.evidence import Text
from scorecard.publication import identity, members, store, tokens
from scorecard.publication.access import Asking, Given, check_form, signed_in, start_session
from scorecard.publication.errors import Refusal
from scorecard.publication.listing import portfolio_of, titles
from scorecard.publication.rendering import language, page
from scorecard.publication.roles import Role
from scorecard.reports import html, portfolio_page
from scorecard.reports.labels import DECISIONS
from scorecard.reports.words import Words

router = APIRouter(include_in_schema=False)


@router.get("/")
def home(request: Request, given: Given, asking: Asking) -> Response:
    """Every project with where it stands."""
    if not asking.may(Role.READER):
        return page(request, "waiting.html", 403, subject=signed_in(request), name=asking.name)
    with given.database() as connection:
        found = portfolio_of(connection, asking, datetime.now(UTC).date())
    words = Words(language(request))
    names = {key: words.name(portfolio_page.STANDINGS, key) for key in portfolio_page.STANDINGS}
    trends = {key: words.name(portfolio_page.TRENDS, key) for key in portfolio_page.TRENDS}
    return page(request, "projects.html", asking=asking, found=found, names=names, trends=trends, titles=titles())


@router.get("/portfolio")
def whole_portfolio(request: Request, given: Given, asking: Asking) -> Response:
    """The portfolio as ``portance portfolio`` draws it, from what is kept here."""
    asking.must(Role.READER, asking.project)
    with given.database() as connection:
        found = portfolio_of(connection, asking, datetime.now(UTC).date())
    if not found.projects:
        return RedirectResponse("/", status_code=303)
    return HTMLResponse(portfolio_page.render(found, language(request)))


@router.get("/projects/{name:path}")
def project(name: str, request: Request, given: Given, asking: Asking) -> Response:
    """Runs of one project, the newest first."""
    asking.must(Role.READER, name)
    with given.database() as connection:
        runs = store.history(connection, name)
    words = Words(language(request))
    decisions = {key.value: words.name(DECISIONS, key) for key in DECISIONS}
    return page(request, "project.html", asking=asking, name=name, runs=runs, decisions=decisions)


@router.get("/runs/{digest}")
def run(digest: str, request: Request, given: Given, asking: Asking) -> Response:
    """The scorecard of a run."""
    with given.database() as connection:
        asking.must(Role.READER, store.of_digest(connection, digest).project)
        card = store.card(connection, digest)
    return HTMLResponse(html.render(card, language(request)))


@router.get("/members")
def access(request: Request, given: Given, asking: Asking) -> Response:
    """Who may do what, and the tokens of pipelines."""
    return _access(request, given, asking)


@router.post("/members")
def give_role(
    request: Request,
    given: Given,
    asking: Asking,
    subject: Annotated[str, Form(max_length=300)],
    role: Annotated[Role, Form()],
    form: Annotated[str, Form()] = "",
) -> Response:
    """Give somebody a role."""
    asking.must(Role.ADMINISTRATOR)
    check_form(request, form)
    with given.database() as connection:
        members.give_role(connection, subject, role, asking.name)
    return RedirectResponse("/members", status_code=303)


@router.post("/tokens")
def make_token(
    request: Request,
    given: Given,
    asking: Asking,
    name: Annotated[str, Form(min_length=1, max_length=100)],
    role: Annotated[Role, Form()],
    expires_on: Annotated[date, Form()],
    project: Annotated[str, Form(max_length=200)] = "",
    form: Annotated[str, Form()] = "",
) -> Response:
    """Make a token; it is shown on the page that follows, and never again."""
    asking.must(Role.ADMINISTRATOR)
    check_form(request, form)
    _check_token(role, expires_on)
    bound = project if project != "" else None
    with given.database() as connection:
        plain = tokens.make(connection, name=name, role=role, project=bound, expires_on=expires_on, by=asking.name)
    return _access(request, given, asking, made=plain)


@router.post("/tokens/{identifier}/revoke")
def revoke(
    identifier: UUID, request: Request, given: Given, asking: Asking, form: Annotated[str, Form()] = ""
) -> Response:
    """End a token now."""
    asking.must(Role.ADMINISTRATOR)
    check_form(request, form)
    with given.database() as connection:
        tokens.revoke(connection, identifier, asking.name)
    return RedirectResponse("/members", status_code=303)


@router.get("/sign-in")
async def sign_in(request: Request, given: Given) -> Response:
    """Go to the identity provider."""
    return RedirectResponse(await identity.leave(given.client, request, given.settings), status_code=303)


@router.get("/sign-in/callback")
async def come_back(request: Request, given: Given) -> Response:
    """Come back from it, signed in."""
    subject, name = await identity.come_back(given.client, request, given.settings)
    with given.database() as connection:
        members.came(
            connection, subject, name if name else subject, administrator=subject in given.settings.administrators
        )
    start_session(request, subject)
    return RedirectResponse("/", status_code=303)


@router.post("/sign-out")
def sign_out(request: Request, given: Given, form: Annotated[str, Form()] = "") -> Response:
    """End every session of this person."""
    check_form(request, form)
    subject = signed_in(request)
    if subject is not None:
        with given.database() as connection:
            members.left(connection, subject)
    request.session.clear()
    return RedirectResponse("/signed-out", status_code=303)


@router.get("/signed-out")
def signed_out(request: Request) -> Response:
    """The end."""
    return page(request, "signed_out.html")


def _access(request: Request, given: Given, asking: Asking, made: str | None = None) -> Response:
    asking.must(Role.ADMINISTRATOR)
    with given.database() as connection:
        people, found = members.members(connection), tokens.tokens(connection)
    today = datetime.now(UTC).date()
    return page(
        request,
        "members.html",
        asking=asking,
        members=people,
        tokens=found,
        roles=list(Role),
        made=made,
        today=today,
        last_day=today + timedelta(days=tokens.MOST_DAYS),
        proposed=today + timedelta(days=180),
    )


def _check_token(role: Role, expires_on: date) -> None:
    today = datetime.now(UTC).date()
    if role not in (Role.READER, Role.PUBLISHER):
        raise Refusal(422, Text(en="A token reads or publishes.", fr="Un jeton lit ou publie."))
    if not today <= expires_on <= today + timedelta(days=tokens.MOST_DAYS):
        raise Refusal(
            422,
            Text(
                en=f"The last day is from today to {tokens.MOST_DAYS} days ahead.",
                fr=f"Le dernier jour va d’aujourd’hui à dans {tokens.MOST_DAYS} jours.",
            ),
        )
