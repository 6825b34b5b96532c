"""Who asks, at each request: by a session of a browser or by a token of a pipeline."""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends
from psycopg_pool import ConnectionPool
from starlette.requests import Request

from scorecard.evidence import Text
from scorecard.publication import members, tokens
from scorecard.publication.errors import Refusal, not_signed_in
from scorecard.publication.members import Db
from scorecard.publication.roles import Caller
from scorecard.publication.settings import Settings
from scorecard.publication.submission import Judge

SUBJECT, BEGAN, FORM = "subject", "began", "form"


@dataclass(frozen=True)
class Parts:
    """What the routes work with."""

    settings: Settings
    pool: ConnectionPool[Any]
    client: Any
    judge: Judge

    @contextmanager
    def database(self) -> Iterator[Db]:
        """A connection for the length of a block."""
        with self.pool.connection() as connection:
            yield connection


def parts(request: Request) -> Parts:
    """The parts of the application that serves ``request``."""
    found: Parts = request.app.state.parts
    return found


Given = Annotated[Parts, Depends(parts)]


def caller(request: Request, given: Given) -> Caller:
    """Who asks. Raises Refusal (401) where nobody known does."""
    scheme, _, plain = request.headers.get("Authorization", "").partition(" ")
    if scheme:
        with given.database() as connection:
            found = tokens.caller(connection, plain.strip(), datetime.now(UTC).date()) if scheme == "Bearer" else None
        if found is None:
            raise not_signed_in()
        return found
    subject = signed_in(request)
    if subject is None:
        raise not_signed_in()
    with given.database() as connection:
        person = members.present(connection, subject, request.session[BEGAN])
    if person is None:
        raise not_signed_in()
    return person


Asking = Annotated[Caller, Depends(caller)]


def start_session(request: Request, subject: str) -> None:
    """Begin a session of ``subject``, with nothing of what the session held before."""
    request.session.clear()
    request.session.update({SUBJECT: subject, BEGAN: time.time(), FORM: secrets.token_urlsafe(16)})


def signed_in(request: Request) -> str | None:
    """The subject of the session, None where there is none or its time is up."""
    subject, began = request.session.get(SUBJECT), request.session.get(BEGAN)
    if not isinstance(subject, str) or not isinstance(began, int | float):
        return None
    return subject if time.time() < began + 60 * parts(request).settings.session_minutes else None


def check_form(request: Request, sent: str) -> None:
    """Refuse (403) a form that did not come from a page of this session."""
    expected = request.session.get(FORM)
    if not isinstance(expected, str) or not hmac.compare_digest(expected.encode(), sent.encode()):
        raise Refusal(
            403,
            Text(
                en="This form is from another session: open the page again.",
                fr="Ce formulaire vient d’une autre session : rouvrez la page.",
            ),
        )
