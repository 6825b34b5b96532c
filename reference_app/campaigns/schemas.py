"""What the API says of campaigns, their lists and what they brought."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from reference_app.campaigns.answers import DayOf, Need, Reached
from reference_app.campaigns.campaign import Campaign, State
from reference_app.campaigns.importing import BadLine, List
from reference_app.campaigns.reading import REASONS, Reason

Say = Callable[[str], str]


class CampaignOut(BaseModel):
    """A campaign, and where it stands."""

    id: UUID
    procedure: str
    title: str
    title_en: str | None
    created_at: datetime
    state: State
    reminded_at: datetime | None = Field(description="When those who did not file were to be reminded.")

    @classmethod
    def of(cls, campaign: Campaign) -> Self:
        """From a row."""
        return cls(**{name: getattr(campaign, name) for name in cls.model_fields})


class NewState(BaseModel):
    """What an agent brings a campaign to; one that is stopped sends nothing ever again."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    state: Literal[State.RUNNING, State.PAUSED, State.STOPPED]


class ListOut(BaseModel):
    """A list that was read, and what it adds once it is confirmed."""

    id: UUID
    lines: int = Field(description="Lines that hold anything, beside the first.")
    good: int = Field(description="Firms that confirming adds.")
    bad: int = Field(description="Lines that cannot be used.")
    reasons: dict[Reason, int] = Field(description="In how many lines each thing is wrong.")
    confirmed_at: datetime | None
    added: int | None = Field(description="Firms that were added; null before it is confirmed.")

    @classmethod
    def of(cls, found: List, reasons: Mapping[Reason, int]) -> Self:
        """From rows."""
        return cls(
            id=found.id,
            lines=found.lines,
            good=found.good,
            bad=found.mistakes,
            reasons=dict(reasons),
            confirmed_at=found.confirmed_at,
            added=found.added,
        )


class MistakeOut(BaseModel):
    """What is wrong in one column."""

    column: str = Field(description="`siret`, `name`, `email` or `language`; empty where it is the line as a whole.")
    reason: Reason
    detail: str = Field(description="The same for people, in the language that was asked for.")
    earlier_line: int | None = Field(description="Where the same firm stands before.")


class BadLineOut(BaseModel):
    """A line that cannot be used."""

    line: int = Field(description="Its number, counted as an editor counts.")
    cells: list[str] = Field(description="What was sent.")
    mistakes: list[MistakeOut]

    @classmethod
    def of(cls, bad: BadLine, say: Say) -> Self:
        """From rows, its reasons in words."""
        mistakes = [
            MistakeOut(column=m.field, reason=m.reason, detail=say(REASONS[m.reason]), earlier_line=m.other)
            for m in bad.mistakes
        ]
        return cls(line=bad.number, cells=list(bad.cells), mistakes=mistakes)


class BadLinesOut(BaseModel):
    """Lines that cannot be used, in their order."""

    items: list[BadLineOut]
    next: int | None = Field(description="What to send as `after` to go on; null at the end.")


class ReachedOut(BaseModel):
    """How many firms got how far."""

    invited: int
    waiting: int = Field(description="Their invitation has not left yet.")
    sent: int
    refused: int = Field(description="Their address took no mail.")
    declined: int = Field(description="They want no more mail of this kind.")
    opened: int
    filed: int


class DayOut(BaseModel):
    """What happened on one day, legal time."""

    day: date
    sent: int
    opened: int
    filed: int


class ChosenOut(BaseModel):
    """How often one answer was chosen."""

    value: str
    label: str
    number: int


class BandOut(BaseModel):
    """How many amounts there are of `low` euros and more, but less than `high`; null in the last band."""

    low: int
    high: int | None
    number: int


class NeedOut(BaseModel):
    """What those who filed answered in one field."""

    field: str
    label: str
    answered: int = Field(description="How many answered it.")
    choices: list[ChosenOut] = Field(description="Of a choice, how many chose what.")
    total_eur: int = Field(description="Of amounts, their sum.")
    median_eur: int
    bands: list[BandOut]

    @classmethod
    def of(cls, need: Need, say: Say) -> Self:
        """From sums, its labels in words."""
        chosen = [ChosenOut(value=c.value, label=say(c.label.en), number=number) for c, number in need.choices]
        bands = [BandOut(low=band.low, high=band.high, number=band.number) for band in need.bands]
        return cls(
            field=need.field.name,
            label=say(need.field.label.en),
            answered=need.answered,
            choices=chosen,
            total_eur=need.total,
            median_eur=need.median,
            bands=bands,
        )


class AnswersOut(BaseModel):
    """What a campaign has brought: how far firms got, what those who filed need, what happened each day."""

    reached: ReachedOut
    needs: list[NeedOut]
    days: list[DayOut] = Field(description="The last sixty on which anything happened, newest first.")

    @classmethod
    def of(cls, reached: Reached, needs: Sequence[Need], days: Sequence[DayOf], say: Say) -> Self:
        """From sums."""
        return cls(
            reached=ReachedOut(**{name: getattr(reached, name) for name in ReachedOut.model_fields}),
            needs=[NeedOut.of(need, say) for need in needs],
            days=[DayOut(day=d.day, sent=d.sent, opened=d.opened, filed=d.filed) for d in days],
        )
