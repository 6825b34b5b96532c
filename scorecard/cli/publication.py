"""The publication service as a process, and what is done on its database by hand."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Literal

import psycopg
import uvicorn

from scorecard.cli.errors import CommandError
from scorecard.cli.grade import grade_run
from scorecard.cli.runs import STATE, Run
from scorecard.criteria import CatalogueError
from scorecard.evidence import Text
from scorecard.project import ProjectError
from scorecard.publication import migration, settings, tokens
from scorecard.publication.app import create_app
from scorecard.publication.errors import PublicationError, Refusal
from scorecard.publication.roles import Role
from scorecard.reports import json_report
from scorecard.scorecard import Scorecard

STOP_S = 10


def judge(folder: Path) -> tuple[Scorecard, str]:
    """The run in ``folder`` judged as of the day it was graded on. Raises Refusal (422)."""
    try:
        state = json.loads((folder / STATE).read_text(encoding="utf-8"))
        graded_on, lang = date.fromisoformat(state["graded_on"]), str(state["lang"])
        card = grade_run(Run(folder), graded_on)
    except (CommandError, ProjectError, CatalogueError, OSError, ValueError, KeyError, TypeError) as error:
        text = error.text if isinstance(error, CommandError) else Text(en=str(error), fr=str(error))
        raise Refusal(422, text) from error
    return card, json_report.render(card, lang)


def serve(host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT. Raises CommandError: a setting is wrong, or the database does not answer."""
    try:
        found = settings.load()
        migration.upgrade(found.database_url)
    except PublicationError as error:
        raise CommandError(Text(en=str(error), fr=str(error))) from error
    configuration = uvicorn.Config(
        create_app(found, judge),
        host=host,
        port=port,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=STOP_S,
        proxy_headers=False,
    )
    uvicorn.Server(configuration).run()


def make_token(*, name: str, role: Literal["publisher", "reader"], project: str | None, expires_on: date) -> str:
    """A new token. Raises CommandError: the database does not answer."""
    try:
        url = settings.database_url()
        migration.upgrade(url)
        with closing(psycopg.connect(url, autocommit=True)) as connection:
            return tokens.make(
                connection, name=name, role=Role(role), project=project, expires_on=expires_on, by="command line"
            )
    except (PublicationError, psycopg.Error) as error:
        line = str(error).strip().splitlines()[0]
        raise CommandError(Text(en=line, fr=line)) from error
