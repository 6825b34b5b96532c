"""Who asks at the partners' API: a bearer token, a scope, a quota a minute; every answer says what is left of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from reference_app import problems
from reference_app.errors import N_, Forbidden, Refusal
from reference_app.partners import partner
from reference_app.partners.errors import NoToken, OverQuota
from reference_app.partners.partner import Partner, Scope
from reference_app.parts import parts_of

SECURITY: dict[str, Any] = {"security": [{"partner": []}]}
"""What OpenAPI says of every route here, instead of the session."""
SCHEME = {"type": "http", "scheme": "bearer", "description": "A token of a partner (python -m reference_app partner)."}

_NO_TOKEN = N_("Send the header Authorization with a token that is valid.")
_RATE = "partner_rate"


class PartnerRoute(APIRoute):
    """A route whose answers carry the quota and an ETag, and are 304 when the asker has them."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the handler; refusals carry the headers as well."""
        original = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                response = await original(request)
            except Refusal as error:
                response = problems.refused(request, error)
            if response.status_code == 200:
                response = _tagged(request, response)
            elif response.status_code == 401:
                response.headers["WWW-Authenticate"] = "Bearer"
            response.headers.update(getattr(request.state, _RATE, {}))
            return response

        return handle


def asking(scope: Scope) -> Any:
    """A parameter of a route: the partner that asks, who must have ``scope``."""

    async def admitted(request: Request) -> Partner:
        parts = parts_of(request)
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.isascii():
            raise NoToken(_NO_TOKEN)
        now = parts.clock()
        async with parts.pool.connection() as connection:
            found = await partner.admit(connection, token.strip(), now)
        if found is None:
            raise NoToken(_NO_TOKEN)
        rest = 60 - now.second
        left = found.per_minute - found.requests
        rate = {"RateLimit-Limit": found.per_minute, "RateLimit-Remaining": max(0, left), "RateLimit-Reset": rest}
        setattr(request.state, _RATE, {name: str(value) for name, value in rate.items()})
        if left < 0:
            raise OverQuota(rest)
        if scope not in found.scopes:
            raise Forbidden(N_("This token is not for that."))
        return found

    return Depends(admitted)


Changes = Annotated[Partner, asking(Scope.CHANGES)]
Dossiers = Annotated[Partner, asking(Scope.DOSSIERS)]
Appointments = Annotated[Partner, asking(Scope.APPOINTMENTS)]


def _tagged(request: Request, response: Response) -> Response:
    tag = f'"{hashlib.sha256(response.body).hexdigest()[:32]}"'
    asked = {each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")}
    if tag in asked or "*" in asked:
        response = Response(status_code=304)
    response.headers["ETag"] = tag
    return response
