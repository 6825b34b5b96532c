"""The tables of a campaign, to keep: lines to mend, invitations, answers summed up; for the pages and the API."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from uuid import UUID

from starlette.requests import Request
from starlette.responses import StreamingResponse

from reference_app.campaigns import answers, importing, tables
from reference_app.campaigns import campaign as campaigns
from reference_app.campaigns.answers import Need, Reached
from reference_app.campaigns.importing import BadLine
from reference_app.campaigns.reading import ADDED, MOST_LINES, REASONS
from reference_app.database import Connection
from reference_app.errors import N_
from reference_app.parts import parts_of, speaker

COLON = N_(": ")
FIELDS = {
    "siret": N_("SIRET number"),
    "name": N_("Name"),
    "email": N_("E-mail address"),
    "language": N_("Language"),
}
"""What the columns of a list are called to people."""
STEPS = {
    "invited": N_("Firms in the campaign"),
    "waiting": N_("Invitations to send"),
    "sent": N_("Invitations sent"),
    "refused": N_("Addresses that took no mail"),
    "declined": N_("Want no more mail"),
    "opened": N_("Opened the form"),
    "filed": N_("Filed a request"),
}
"""How far firms get, in order."""

Say = Callable[[str], str]


async def to_mend(request: Request, agent: UUID, campaign: UUID, file: UUID) -> StreamingResponse:
    """The lines of a list that can be mended, as they were sent, each behind its number and what is wrong with it.

    Mended in a spreadsheet, the file may be sent as the next list as it is.
    """
    say = speaker(request)
    async with parts_of(request).pool.connection() as connection:
        kept = await importing.read(connection, agent, campaign, file)

        async def rows() -> AsyncIterator[Sequence[object]]:
            async for bad in importing.bad_lines(connection, file, MOST_LINES, known=False):
                yield [bad.number, reason(bad, say), *bad.cells]

        return await tables.download("lines-to-mend.csv", [*map(say, ADDED), *kept.titles], rows())


async def invitations(request: Request, agent: UUID, campaign: UUID) -> StreamingResponse:
    """Every invitation of a campaign and how far it got."""
    say = speaker(request)
    titles = (N_("SIRET number"), N_("Name"), N_("E-mail address"), N_("Language"), N_("State"))
    moments = (N_("Sent on"), N_("Opened on"), N_("Filed on"))
    async with parts_of(request).pool.connection() as connection:
        found = await campaigns.read(connection, agent, campaign)

        async def rows() -> AsyncIterator[Sequence[object]]:
            async with connection.transaction():
                async for one in answers.lines(connection, campaign, found.procedure):
                    when = (
                        at.isoformat(timespec="minutes") if at else None
                        for at in (one.sent_at, one.opened_at, one.filed_at)
                    )
                    yield [one.siret, one.name, one.email, one.language, one.state, *when, one.receipt_number]

        head = [say(title) for title in (*titles, *moments, N_("Receipt"))]
        return await tables.download("invitations.csv", head, rows())


async def summed_up(request: Request, agent: UUID, campaign: UUID) -> StreamingResponse:
    """How far a campaign got, what those who filed answered, and what happened each day."""
    say = speaker(request)
    async with parts_of(request).pool.connection() as connection:
        found = await campaigns.read(connection, agent, campaign)

        async def rows() -> AsyncIterator[Sequence[object]]:
            for row in _steps(await answers.reached(connection, found), say):
                yield row
            for need in await answers.needs(connection, found):
                for answer, number in _answers(need, say):
                    yield [say(need.field.label.en), answer, number]
            async for row in _days(connection, found, say):
                yield row

        head = [say(title) for title in (N_("About"), N_("Answer"), N_("Count"))]
        return await tables.download("answers.csv", head, rows())


def reason(bad: BadLine, say: Say) -> str:
    """What is wrong with a line, column by column, in one cell."""
    said = []
    for wrong in bad.mistakes:
        where = f"{say(FIELDS[wrong.field])}{say(COLON)}" if wrong.field else ""
        earlier = f" {say(N_('See line %(line)s.')) % {'line': wrong.other}}" if wrong.other is not None else ""
        said.append(f"{where}{say(REASONS[wrong.reason])}{earlier}")
    return " ".join(said)


def _steps(reached: Reached, say: Say) -> list[Sequence[object]]:
    about = say(N_("How far it got"))
    return [[about, say(label), getattr(reached, step)] for step, label in STEPS.items()]


def _answers(need: Need, say: Say) -> list[tuple[str, int]]:
    found = [(say(choice.label.en), number) for choice, number in need.choices]
    if need.field.kind == "amount":
        found += [
            (say(N_("Sum, in euros")), need.total),
            (say(N_("Median, in euros")), need.median),
        ]
    for band in need.bands:
        high = say(N_("Euros, %(low)s and more")) if band.high is None else say(N_("Euros, %(low)s to %(high)s"))
        found.append((high % {"low": band.low, "high": band.high}, band.number))
    return found


async def _days(connection: Connection, found: campaigns.Campaign, say: Say) -> AsyncIterator[Sequence[object]]:
    for day in reversed(await answers.by_day(connection, found)):
        for step, number in (("sent", day.sent), ("opened", day.opened), ("filed", day.filed)):
            yield [day.day.isoformat(), say(STEPS[step]), number]
