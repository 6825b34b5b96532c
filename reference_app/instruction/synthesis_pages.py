"""The synthesis on a page and in the API: rows that a job made, shown with the time of their making."""

from __future__ import annotations

from datetime import date, datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from reference_app.errors import NotFound
from reference_app.groups import GROUPS, GroupOfAgents
from reference_app.instruction import synthesis
from reference_app.instruction.asked import Group
from reference_app.instruction.members import NO_SUCH_GROUP
from reference_app.instruction.reach import groups_of
from reference_app.instruction.synthesis import AGES_D
from reference_app.pages import page
from reference_app.parts import Given
from reference_app.problems import documented
from reference_app.procedure import PROCEDURES, filing_of
from reference_app.sessions import Agent

DAY_S = 86_400.0

api = APIRouter(prefix="/api/v1/agent/synthesis", tags=["agents"], responses=documented(401, 403))
router = APIRouter(prefix="/agent/synthesis", include_in_schema=False)


class MonthOut(BaseModel):
    """What came and went in one month."""

    month: date
    filed: int
    at_counter: int = Field(description="Of those filed, how many at the counter.")
    asked_eur: int
    decided: int
    accepted: int
    granted_eur: int
    median_s: float | None = Field(description="Median time from filing to decision, in seconds.")
    p90_s: float | None


class SynthesisOut(BaseModel):
    """The synthesis of one group."""

    group: str
    made_at: datetime | None = Field(description="When it was counted; null before the first time.")
    waiting: dict[str, int] = Field(description="Undecided dossiers by age in days.")
    near: int | None = Field(description="Undecided ones near their silence date.")
    answers: dict[str, dict[str, int]] = Field(description="Of each choice of the form, how many chose what.")
    months: list[MonthOut]


@api.get("", response_model=SynthesisOut, responses=documented(404), summary="Read the synthesis")
async def read(parts: Given, person: Agent, group: Group = None) -> SynthesisOut:
    """What is asked, by whom and how long it takes, of one of my groups; counted anew every quarter of an hour."""
    async with parts.pool.connection() as connection:
        chosen = _chosen(await groups_of(connection, person.account), group)
        standing = await synthesis.standing(connection, chosen.id)
        months = await synthesis.months(connection, chosen.id)
    return SynthesisOut(
        group=chosen.id,
        made_at=None if standing is None else standing.made_at,
        waiting={} if standing is None else dict(zip(_ages(), standing.waiting, strict=True)),
        near=None if standing is None else standing.near,
        answers={} if standing is None else {name: dict(of) for name, of in standing.answers.items()},
        months=[MonthOut(**{name: getattr(month, name) for name in MonthOut.model_fields}) for month in months],
    )


@router.get("")
async def show(request: Request, parts: Given, person: Agent, group: Group = None) -> Response:
    """The synthesis of one of my groups."""
    async with parts.pool.connection() as connection:
        mine = await groups_of(connection, person.account)
        chosen = _chosen(mine, group)
        standing = await synthesis.standing(connection, chosen.id)
        months = await synthesis.months(connection, chosen.id)
    choices = [f for f in filing_of(PROCEDURES[chosen.procedure]).fields if f.kind == "choice"]
    return page(
        request,
        "synthesis.html",
        groups=mine,
        chosen=chosen,
        standing=standing,
        months=months,
        ages=_ages(),
        choices=choices,
        day_s=DAY_S,
        tallest=max([1, *(max(month.filed, month.decided) for month in months)]),
    )


def _chosen(mine: list[GroupOfAgents], group: str | None) -> GroupOfAgents:
    found = next((one for one in mine if group in (None, one.id)), None)
    if found is None:
        raise NotFound(NO_SUCH_GROUP)
    return GROUPS[found.id]


def _ages() -> list[str]:
    begins = [0, *(days + 1 for days in AGES_D)]
    return [*(f"{begin}–{end}" for begin, end in zip(begins, AGES_D, strict=False)), f"{begins[-1]}+"]
