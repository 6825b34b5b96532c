"""``portance publish``: a run folder over HTTP to the organisation's service."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx

from scorecard.cli.errors import CommandError
from scorecard.cli.runs import Run
from scorecard.evidence import Text
from scorecard.publication.submission import Submission, files_of
from scorecard.site import is_local

TIMEOUT_S = 60.0


def send(folder: Path, to: str, token: str, lang: str) -> dict[str, Any]:
    """What the service answered: digest, whether it is new there, and its address.

    Raises:
        CommandError: no token, no such run, no encrypted connection, or the service refused or did not answer.
    """
    if not token:
        raise CommandError(Text(en="PORTANCE_TOKEN is not set", fr="PORTANCE_TOKEN n’est pas défini"))
    if not to.startswith("https://") and not is_local(to):
        raise CommandError(
            Text(
                en=f"{to}: the token would travel in the clear; give an https address",
                fr=f"{to} : le jeton circulerait en clair ; donner une adresse https",
            )
        )
    where = folder.resolve()
    Run(where).read()  # says in one line what is wrong with the folder
    submission = Submission.model_construct(folder=where.name, files=files_of(where))
    try:
        answer = httpx.post(
            f"{to.rstrip('/')}/api/v1/runs",
            content=submission.model_dump_json(),
            headers={
                "Authorization": f"Bearer {token}",
                "Content-Type": "application/json",
                "Accept-Language": lang,
            },
            timeout=TIMEOUT_S,
        )
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise CommandError(
            Text(
                en=f"{to}: does not answer ({type(error).__name__})",
                fr=f"{to} : ne répond pas ({type(error).__name__})",
            )
        ) from error
    try:
        document = answer.json()
    except ValueError:
        document = {}
    if answer.status_code in (200, 201) and isinstance(document, dict) and {"digest", "new", "url"} <= set(document):
        return document
    detail = str(document.get("detail", "")) if isinstance(document, dict) else ""
    said = f"{answer.status_code} {detail}".strip()
    raise CommandError(Text(en=f"{to}: not published: {said}", fr=f"{to} : non publié : {said}"))
