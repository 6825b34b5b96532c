"""``portance demand``: from people to requests, every step with its source, and the day as bars."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

from loadtests.demand import SECONDS_A_DAY, Demand, Stream, a_session, demand
from loadtests.demand_evidence import collect_demand
from loadtests.profiles import Sourced, agent_habits
from scorecard.evidence import Evidence, Unit
from scorecard.project import ProjectFile
from scorecard.reports.words import Lang, Words
from scorecard.site import Site

_BAR = 40
_PERSONAS = {"citizen": ("citizens", "usagers"), "agent": ("agents", "agents")}
_DEVICES = {
    "desk": ("at a desk", "sur un ordinateur"),
    "phone": ("on a phone", "sur un téléphone"),
    "program": ("a program", "un programme"),
}
_SOURCES = 74
"""Column at which sources begin; on a narrower terminal they stand below."""
_UNDER = " " * 15
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def lines(site: Site, lang: str, width: int = 100) -> list[str]:
    """The demand of the project for a terminal of ``width`` columns."""
    known: Lang = "fr" if lang == "fr" else "en"
    return [line.rstrip() for line in _Page(site.project, collect_demand(site), Words(known), width).lines()]


def as_document(site: Site) -> dict[str, Any]:
    """The same as JSON values: facts with their ranges, and the tables."""
    found: dict[str, Any] = collect_demand(site).model_dump(mode="json", include={"facts", "tables"})
    return found


class _Page:
    def __init__(self, project: ProjectFile, evidence: Evidence, words: Words, width: int) -> None:
        self.project, self.evidence, self.words, self.width = project, evidence, words, width
        self.wanted: Demand = demand(project)

    def t(self, en: str, fr: str) -> str:
        return fr if self.words.lang == "fr" else en

    def lines(self) -> Iterator[str]:
        wanted, project = self.wanted, self.project
        yield self.t("From people to requests", "Des personnes aux requêtes") + f"  {project.project.name}"
        yield ""
        yield self._row("", self.words.number(project.project.users), self.t("people", "personnes"), "portance.toml")
        yield self._factor(wanted.participation, self.t("take part", "participent"), percent=True)
        if wanted.retries.value or wanted.retries.high:
            yield self._retries(wanted.retries)
        yield from self._moment()
        yield self._rate(wanted.citizens)
        if project.project.agents:
            yield from self._agents()
        yield from self._total()
        yield from self._who()
        yield ""
        yield from self._day()
        yield from self._campaign()

    def _moment(self) -> Iterator[str]:
        wanted, busiest = self.wanted, self.wanted.busiest
        if busiest is None:
            yield self._factor(
                wanted.peak_day_share,
                self.t("of them on the busiest day", "d’entre elles le jour le plus chargé"),
                percent=True,
            )
            yield self._factor(
                wanted.peak_to_mean,
                self.t("the busiest moment over the day's mean", "le moment de pointe sur la moyenne du jour"),
            )
            yield self._row("÷", self.words.number(SECONDS_A_DAY), self.t("seconds a day", "secondes par jour"), "")
            return
        for event in self.project.demand.events:
            share = self.t(f"come by “{event.name}”", f"viennent par « {event.name} »")
            what = f"{share}, {event.at:%d/%m %H:%M}" if len(wanted.days) > 1 else f"{share}, {event.at:%H:%M}"
            yield self._row("", self._percent(event.share), what, "portance.toml")
        when = f"{busiest.busiest:%d/%m/%Y %H:%M}" if len(wanted.days) > 1 else f"{busiest.busiest:%H:%M}"
        yield self._row("", "", self.t(f"busiest moment: {when}", f"moment de pointe : {when}"), "")

    def _agents(self) -> Iterator[str]:
        habits = agent_habits()
        yield ""
        yield self._row("", self.words.number(self.project.project.agents), "agents", "portance.toml")
        yield self._factor(
            self.wanted.agent_journeys_per_day, self.t("journeys each a working day", "parcours chacun par jour ouvré")
        )
        yield self._factor(
            habits.peak_to_mean, self.t("their busiest moment over its mean", "leur moment de pointe sur la moyenne")
        )
        yield self._row(
            "÷", f"{habits.working_hours.value:g} h", self.t("of work", "de travail"), habits.working_hours.source
        )
        times = a_session(self.project)
        if times != 1:
            yield self._row(
                "÷", self._number(times), self.t("of them in a session", "d’entre eux par session"), "portance.toml"
            )
        yield self._rate(self.wanted.agents)

    def _who(self) -> Iterator[str]:
        table = next((t for t in self.evidence.tables if t.id == "demand.journeys"), None)
        if table is None:
            return
        yield ""
        yield self.t("Who begins a session at that moment", "Qui commence une session à ce moment")
        names = [column.name for column in table.columns]
        for values in table.rows:
            row = dict(zip(names, values, strict=True))
            who = row["who"] if row["who"] is not None else self.t(*_PERSONAS[str(row["persona"])])
            device = "" if row["device"] is None else f", {self.t(*_DEVICES[str(row['device'])])}"
            length = self.words.quantity(row["session"], Unit.SECOND)
            what = self.t(f"{row['requests']} requests in {length}", f"{row['requests']} requêtes en {length}")
            yield self._row(
                "",
                self._percent(float(str(row["share_of_sessions"]))),
                f"{row['journey']} – {who}{device} – {what}",
                "",
            )

    def _total(self) -> Iterator[str]:
        wanted = self.wanted
        low, high = wanted.ends
        yield ""
        if wanted.requests_per_s is None:
            yield self._row(
                "", "?", self.t("requests/s: no journey is described", "requêtes/s : aucun parcours n’est décrit"), ""
            )
            return
        yield self._row(
            "=",
            self._number(wanted.requests_per_s),
            self.t("requests/s in all, ", "requêtes/s en tout, ")
            + self._between(wanted.requests_per_s * low, wanted.requests_per_s * high),
            self.t(
                "steps of the journeys; redirects come on top", "étapes des parcours ; les redirections s’y ajoutent"
            ),
        )
        assert wanted.sessions is not None
        yield self._row(
            "≈",
            self._number(wanted.sessions),
            self.t("people at once in the service", "personnes à la fois sur le service"),
            self.t("Little's law, with the think times of the steps", "loi de Little, avec les temps de réflexion"),
        )

    def _day(self) -> Iterator[str]:
        table = next(t for t in self.evidence.tables if t.id == "demand.day")
        rates = [float(str(row[1])) for row in table.rows]
        yield self.t("The busiest day, journeys a second", "Le jour le plus chargé, parcours par seconde")
        for hour, rate in enumerate(rates):
            yield f"{hour:>3} h  {_bar(rate, max(rates))} {self._number(float(f'{rate:.2g}'))}"
        yield ""
        yield from textwrap.wrap(str(table.rows[0][5 if self.words.lang == "fr" else 4]), self.width)

    def _campaign(self) -> Iterator[str]:
        table = next((t for t in self.evidence.tables if t.id == "demand.campaign"), None)
        if table is None:
            return
        yield ""
        yield self.t("The campaign, busiest moment of each day", "La campagne, moment de pointe de chaque jour")
        peaks = [float(str(row[2])) for row in table.rows]
        for row, peak in zip(table.rows, peaks, strict=True):
            yield f"{row[0]}  {_bar(peak, max(peaks))} {self._number(peak)}/s, {self.words.number(int(str(row[1])))}"

    def _factor(self, factor: Sourced, what: str, *, percent: bool = False) -> str:
        shown = self._percent if percent else self._number
        between = ""
        if factor.low is not None and factor.high is not None and factor.low != factor.high:
            between = f" ({shown(factor.low)} {self.t('to', 'à')} {shown(factor.high)})"
        return self._row("×", shown(factor.value), what + between, factor.source)

    def _retries(self, retries: Sourced) -> str:
        more = Sourced(
            value=1 + retries.value,
            source=retries.source,
            low=None if retries.low is None else 1 + retries.low,
            high=None if retries.high is None else 1 + retries.high,
        )
        return self._factor(more, self.t("with those who try again", "avec ceux qui recommencent"))

    def _rate(self, stream: Stream) -> str:
        what = self.t("journeys/s, ", "parcours/s, ") + self._between(stream.low, stream.high)
        return self._row("=", self._number(stream.rate), what, "")

    def _between(self, low: float, high: float) -> str:
        return f"{self.t('between', 'entre')} {self._number(low)} {self.t('and', 'et')} {self._number(high)}"

    def _row(self, sign: str, number: str, what: str, source: str) -> str:
        line = f"{sign:>2} {number:>10}  {what}"
        if not source:
            return line
        if len(line) <= _SOURCES and self.width >= _SOURCES + 40:
            told = textwrap.wrap(source, self.width - _SOURCES - 1)
            return "\n".join([f"{line:<{_SOURCES}} {told[0]}", *(f"{'':<{_SOURCES}} {more}" for more in told[1:])])
        return "\n".join(
            [line, *textwrap.wrap(source, self.width - 15, initial_indent=_UNDER, subsequent_indent=_UNDER)]
        )

    def _percent(self, share: float) -> str:
        return self.words.share(share)

    def _number(self, value: float) -> str:
        return self.words.number(float(f"{value:.3g}"))


def _bar(value: float, top: float) -> str:
    eighths = round(8 * _BAR * value / top) if top > 0 else 0
    return ("█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()).ljust(1)
