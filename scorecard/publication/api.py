"""The programming interface: publish a run, read projects, histories and scorecards."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from scorecard.evidence import Text
from scorecard.publication import store
from scorecard.publication.access import Asking, Given
from scorecard.publication.errors import Refusal
from scorecard.publication.listing import portfolio_of
from scorecard.publication.roles import Role
from scorecard.publication.store import Kept
from scorecard.publication.submission import Submission, judged

router = APIRouter(prefix="/api/v1", tags=["runs"])


class Published(BaseModel):
    """A run that is kept."""

    digest: str
    new: bool
    url: str


class Short(BaseModel):
    """A run in short."""

    digest: str
    project: str
    made: str
    graded_on: date
    decision: str
    grade: dict[str, Any]
    published_by: str
    published_at: datetime


@router.post("/runs", status_code=201, responses={200: {"model": Published, "description": "It was kept already."}})
async def publish(request: Request, response: Response, given: Given, asking: Asking) -> Published:
    """Keep a run, once it was judged again from its evidence."""
    asking.must(Role.PUBLISHER, asking.project)
    try:
        submission = Submission.model_validate_json(await request.body())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Refusal(422, Text(en=f"{where}: {first['msg']}", fr=f"{where} : {first['msg']}")) from error
    return await run_in_threadpool(_publish, submission, response, given, asking)


def _publish(submission: Submission, response: Response, given: Given, asking: Asking) -> Published:
    card = judged(submission, given.judge)
    asking.must(Role.PUBLISHER, card.project.name)
    with given.database() as connection:
        digest, new = store.keep(connection, submission, card, asking.name)
    response.status_code = 201 if new else 200
    return Published(digest=digest, new=new, url=f"{given.settings.origin}/runs/{digest}")


@router.get("/projects")
def projects(given: Given, asking: Asking) -> list[dict[str, Any]]:
    """Every project that the caller may read, the most urgent first: where it stands, its last run, what blocks it."""
    asking.must(Role.READER, asking.project)
    with given.database() as connection:
        found = portfolio_of(connection, asking, datetime.now(UTC).date())
    return [
        {
            "project": project.record.name,
            "standing": project.standing.value,
            "trend": project.trend.value,
            "grade": {"low": project.last.grade.low, "high": project.last.grade.high},
            "graded_on": project.last.graded_on,
            "runs": len(project.record.points),
            "failing": [answer.criterion for answer in project.failing],
            "unknown": [answer.criterion for answer in project.unknown],
        }
        for project in found.projects
    ]


@router.get("/projects/{name:path}/runs")
def history(name: str, given: Given, asking: Asking) -> list[Short]:
    """Runs of a project, the newest first."""
    asking.must(Role.READER, name)
    with given.database() as connection:
        return [Short.model_validate(run, from_attributes=True) for run in store.history(connection, name)]


@router.get("/runs/{digest}/scorecard.json")
def scorecard(digest: str, given: Given, asking: Asking) -> Response:
    """The scorecard as it was published, byte for byte."""
    with given.database() as connection:
        _allowed(store.of_digest(connection, digest), asking)
        return Response(store.document(connection, digest), media_type="application/json")


@router.get("/runs/{digest}/files")
def files(digest: str, given: Given, asking: Asking) -> dict[str, str]:
    """What the run was judged on: file names and their texts, to be judged again anywhere."""
    with given.database() as connection:
        _allowed(store.of_digest(connection, digest), asking)
        found: dict[str, str] = json.loads(store.files(connection, digest))
    return found


def _allowed(run: Kept, asking: Asking) -> None:
    asking.must(Role.READER, run.project)
