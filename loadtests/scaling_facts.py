"""Facts of the scaling: what more workers brought, how many are needed, and what the plot of it is drawn from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from loadtests.capacity import REACH, CapacityError, NotReachable, extrapolate, replicas_needed
from loadtests.figures import french, french_percent
from loadtests.measurements import FEWEST_LEVELS
from loadtests.trial import Told
from scorecard.evidence import Column, Fact, Table, Text, Unit

NO_FREE_CORE = 0.9
"""Share of the machine's cores in use from which it is the machine, and not the service, that stops the scaling."""

FACTS: Mapping[str, Unit] = {
    "load.scaling_levels": Unit.COUNT,
    "load.scaling_gain": Unit.RATIO,
    "load.scaling_efficiency": Unit.RATIO,
    "load.replicas_needed": Unit.COUNT,
}


@dataclass(frozen=True)
class Level:
    """What so many workers held, in journeys a second.

    Attributes:
        low: lower end of what the search leaves open.
        high: its upper end; None when no rate failed.
        busy: cores of the machine in use in the busiest tenth of the seconds of the search, by whatever runs on it.
    """

    workers: int
    value: float
    low: float
    high: float | None
    busy: float


def told(sound: Sequence[Level], trouble: Text | None, asked: float, headroom: float, users: int, cores: int) -> Told:
    """The facts of the levels measured, for ``users`` who make ``asked`` journeys a second at their peak."""
    facts = [
        Fact(
            id="load.scaling_levels",
            value=len(sound),
            unit=Unit.COUNT,
            detail=", ".join(f"{level.workers}: {level.value:.3g} journeys/s" for level in sound),
        ),
        *_gain(sound, cores),
        _needed(sound, asked, headroom),
    ]
    return Told(tuple(facts), (_table(sound, users / asked if asked > 0 else None),), trouble)


def _gain(sound: Sequence[Level], cores: int) -> list[Fact]:
    names = ("load.scaling_gain", "load.scaling_efficiency")
    if len(sound) < 2:
        return [Fact(id=name, value=None, unit=Unit.RATIO, reason=_ONE_LEVEL) for name in names]
    first, last = sound[0], sound[-1]
    gain = last.value / first.value
    high = None if last.high is None else last.high / first.low
    low = None if first.high is None else last.low / first.high
    times = last.workers / first.workers
    said = (
        f"{last.value:.3g} journeys/s with {last.workers} workers, {first.value:.3g} with {first.workers}; the "
        "interval is what the two searches leave open"
    )
    facts = [Fact(id=names[0], value=gain, unit=Unit.RATIO, low=low, high=high, detail=said)]
    busy = last.busy / cores
    if busy >= NO_FREE_CORE:
        return [*facts, Fact(id=names[1], value=None, unit=Unit.RATIO, reason=_no_core(busy, cores), detail=said)]
    return [
        *facts,
        Fact(
            id=names[1],
            value=gain / times,
            unit=Unit.RATIO,
            low=None if low is None else low / times,
            high=None if high is None else high / times,
            detail=f"gain over {times:g} times the workers; the machine used {busy:.0%} of its {cores} cores",
        ),
    ]


def _needed(sound: Sequence[Level], asked: float, headroom: float) -> Fact:
    """Workers that carry the demand with its margin, and one more; what was measured comes before what is forecast."""
    name, unit = "load.replicas_needed", Unit.COUNT
    required = asked * (1 + headroom)
    for at, one in enumerate(sound[:-1]):
        following = sound[at + 1]
        if following.workers == one.workers + 1 and min(one.low, following.low) >= required:
            detail = (
                f"measured: {one.workers} hold {one.low:.3g} journeys/s at least, {required:.3g} are asked "
                f"({headroom:.0%} of margin included); one more, so that one may be lost"
            )
            return Fact(id=name, value=one.workers + 1, unit=unit, detail=detail)
    if len(sound) < FEWEST_LEVELS:
        return Fact(id=name, value=None, unit=unit, reason=_few_levels(len(sound)))
    try:
        found = replicas_needed([one.workers for one in sound], _rates(sound), asked, headroom)
    except CapacityError as error:
        return Fact(id=name, value=None, unit=unit, reason=error.text)
    if isinstance(found, NotReachable):
        return Fact(id=name, value=None, unit=unit, reason=_not_reachable(found))
    return Fact(
        id=name,
        value=found.count,
        unit=unit,
        detail=f"{found.at_least} hold {found.low:.3g} journeys/s (one-sided 95%), {found.required:.3g} are asked "
        f"({headroom:.0%} of margin included); one more, so that one may be lost",
    )


def _table(sound: Sequence[Level], users_per_rate: float | None) -> Table:
    """Rows of the plot: levels measured, and forecasts at twice and four times the highest where there may be any."""
    measured = {level.workers: level for level in sound}
    wanted = [float(level.workers) for level in sound]
    if len(sound) >= FEWEST_LEVELS:
        wanted += [wanted[-1] * 2, wanted[-1] * REACH]
    rows = []
    for workers in wanted:
        level = measured.get(int(workers))
        fit = _fit(sound, workers)
        low = level.low if level is not None else (None if fit is None else fit[1])
        rows.append(
            (
                int(workers),
                None if level is None else level.value,
                *(fit if fit is not None else (None, None, None)),
                None if level is None else level.low,
                None if level is None else level.high,
                None if low is None or users_per_rate is None else int(low * users_per_rate),
            )
        )
    journeys = Unit.JOURNEYS_PER_SECOND
    return Table(
        id="load.scaling",
        columns=(
            Column(name="replicas", unit=Unit.COUNT),
            *(Column(name=name, unit=journeys) for name in ("sustained", "fit", "low", "high")),
            *(Column(name=name, unit=journeys) for name in ("measured_low", "measured_high")),
            Column(name="users", unit=Unit.USERS),
        ),
        rows=tuple(rows),
    )


def _fit(sound: Sequence[Level], workers: float) -> tuple[float, float, float] | None:
    if len(sound) < FEWEST_LEVELS:
        return None
    try:
        found = extrapolate([one.workers for one in sound], _rates(sound), workers)
    except CapacityError:
        return None
    return found.value, found.low, found.high


def _rates(sound: Sequence[Level]) -> list[float]:
    return [one.value for one in sound]


_ONE_LEVEL = Text(
    en="Fewer than two numbers of workers could be measured.",
    fr="Moins de deux nombres de processus ont pu être mesurés.",
)


def _few_levels(levels: int) -> Text:
    return Text(
        en=f"Numbers of workers measured: {levels}. No forecast is made from fewer than {FEWEST_LEVELS}: measure on a "
        "machine with more cores.",
        fr=f"Nombres de processus mesurés\u202f: {levels}. Aucune prévision n’est faite à moins de {FEWEST_LEVELS}"
        "\u202f: mesurez sur une machine qui a plus de cœurs.",
    )


def _no_core(busy: float, cores: int) -> Text:
    return Text(
        en=f"The machine was the limit, not the service: {busy:.0%} of its {cores} cores were in use, by the service, "
        "its database and the load together.",
        fr=f"La machine était la limite, non le service\u202f: {french_percent(busy, 0)} de ses {cores} cœurs étaient "
        "occupés, par le service, sa base de données et la charge.",
    )


def _not_reachable(found: NotReachable) -> Text:
    if found.exhausted:
        return Text(
            en=f"Not reachable by adding workers: {found.best_count} of them hold {found.best_low:.3g} journeys/s, "
            f"more bring nothing, and {found.required:.3g} are asked.",
            fr=f"Hors d’atteinte en ajoutant des processus\u202f: {found.best_count} tiennent "
            f"{french(found.best_low, '.3g')} parcours/s, davantage n’apporte rien, et il en faut "
            f"{french(found.required, '.3g')}.",
        )
    return Text(
        en=f"Not shown up to {found.highest_judged} workers, four times what was measured: beyond it nothing is said.",
        fr=f"Non établi jusqu’à {found.highest_judged} processus, quatre fois ce qui a été mesuré\u202f: au-delà, "
        "rien n’est dit.",
    )
