"""What saturates first: what is used up where the service gives way, by processors read and by waits in the traces."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from loadtests.trial import NotTried, Told, collected
from loadtests.usage import Usage
from loadtests.usage_log import UsageLog
from scorecard.evidence import Column, Evidence, EvidenceError, Fact, Table, Text, Unit, read
from scorecard.site import Site

NAME = "saturation"
BUSY = 0.8
"""Share of what there is of a resource from which on it is used up: a wait is then five times the work (M/M/1)."""
HALF = 0.5
"""Share of the time of the requests from which on a wait is what they mostly do."""

FACTS: Mapping[str, Unit] = {
    "load.saturated": Unit.TEXT,
    "load.saturated_fr": Unit.TEXT,
    "load.saturated_share": Unit.RATIO,
}


@dataclass(frozen=True)
class Saturated:
    """The resource that is used up: what people call it, and its use, as a share of what there is of it."""

    name: Text
    share: float
    because: str


WAITS: Mapping[str, Text] = {
    "pool-wait": Text(en="the pool of database connections", fr="le pool de connexions à la base"),
    "connection-held": Text(en="the pool of database connections", fr="le pool de connexions à la base"),
    "lock-wait": Text(en="a lock", fr="un verrou"),
    "blocking-call-in-event-loop": Text(
        en="the event loop, held by a call that blocks", fr="la boucle d’événements, retenue par un appel bloquant"
    ),
    "blocking-log": Text(en="the event loop, held by the log", fr="la boucle d’événements, retenue par le journal"),
    "serial-remote-calls": Text(en="another service that is called", fr="un autre service appelé"),
    "chatty-remote": Text(en="another service that is called", fr="un autre service appelé"),
    "unbounded-remote": Text(en="another service that is called", fr="un autre service appelé"),
    "retries-that-multiply": Text(en="another service that is called", fr="un autre service appelé"),
}
"""Rules of the diagnosis that name something to be waited for, in the order of a doubt: a pool or a lock before what is
called while it is held."""

_SERVICE = Text(en="the processor, by the service", fr="le processeur, par le service")
_DATABASE = Text(en="the processor, by the database", fr="le processeur, par la base de données")
_OWN = Text(
    en="a wait in the service's own code, such as a lock or a queue",
    fr="une attente dans le code du service, comme un verrou ou une file",
)
_REMOTE = Text(en="another service that is called", fr="un autre service appelé")


def collect_saturation(site: Site) -> Evidence:
    """Name what is used up at the knee, from the load and the traces of the run; the evidence is ``saturation``."""
    return collected(site, NAME, FACTS, lambda: _carry_out(site))


def _carry_out(site: Site) -> Told:
    load, traces = _evidence(site, "load"), _evidence(site, "traces")
    if load is None:
        raise NotTried(_NO_LOAD)
    moments = ends(load)
    if moments is None:
        raise NotTried(_NO_KNEE)
    log = UsageLog(site.run / "raw" / "load")
    low = log.over(*moments[0])
    knee = next((use for moment in moments[1] if (use := log.over(*moment)) is not None), None)
    cores = load.provenance.machine.cores if load.provenance is not None and load.provenance.machine else None
    return told(low, knee, cores, traces)


def told(low: Usage | None, knee: Usage | None, cores: int | None, traces: Evidence | None) -> Told:
    """The facts, from the use of the processors at low load and at the knee, the machine's cores, and the traces."""
    table = _table(low, knee, traces)
    found = saturated(knee, cores, traces)
    if found is None:
        reason = _NOT_READ if knee is None else _CROWDED if _crowded(knee, cores) else _NOT_TOLD
        return Told((), (table,), reason)
    return Told(
        (
            Fact(id="load.saturated", value=found.name.en, unit=Unit.TEXT, detail=found.because),
            Fact(id="load.saturated_fr", value=found.name.fr, unit=Unit.TEXT, detail=found.because),
            Fact(id="load.saturated_share", value=min(1.0, found.share), unit=Unit.RATIO, detail=found.because),
        ),
        (table,),
    )


def saturated(knee: Usage | None, cores: int | None, traces: Evidence | None) -> Saturated | None:
    """The resource that is used up; None where none is, or it cannot be told.

    A processor comes first: with one used up, all waits are longer, and look like those for a lock or a pool. A process
    of the service counts as one core, which is all that an interpreter with a global lock can use.
    """
    if knee is None:
        return None
    busy = _processor(knee, cores)
    return busy if busy is not None or _crowded(knee, cores) else _wait(traces, knee)


def _crowded(knee: Usage, cores: int | None) -> bool:
    """Whether the machine's cores are used up: a wait is then one for them, whatever it looks like in the traces."""
    return cores is not None and knee.machine >= BUSY * cores


def _processor(knee: Usage, cores: int | None) -> Saturated | None:
    if knee.busiest >= BUSY:
        return Saturated(_SERVICE, knee.busiest, f"its busiest process used {knee.busiest:.2f} of a core at the knee")
    if cores is None or not _crowded(knee, cores):
        return None
    database = knee.database if knee.database is not None else 0.0
    others = knee.machine - database - knee.service
    said = f"of {cores} cores the service used {knee.service:.2f}, its database {database:.2f}, others {others:.2f}"
    if others > max(database, knee.service):
        return None  # the generator or a neighbour: that says nothing of the service
    name = _DATABASE if database > knee.service else _SERVICE
    return Saturated(name, knee.machine / cores, said)


def _wait(traces: Evidence | None, knee: Usage) -> Saturated | None:
    waits = [(rule, share) for rule, share in _diagnosed(traces) if rule in WAITS and share >= HALF]
    if waits:
        order = list(WAITS)
        rule, share = min(waits, key=lambda wait: (order.index(wait[0]), -wait[1]))
        return Saturated(WAITS[rule], share, f"share of the route's time, by the traces ({rule}); processors are free")
    facts = {} if traces is None else {fact.id: fact.value for fact in traces.facts}
    remote, own, sql = (facts.get(f"trace.share_{kind}") for kind in ("remote", "application", "sql"))
    database = knee.database if knee.database is not None else 0.0
    if isinstance(sql, int | float) and sql >= HALF and database >= max(BUSY, knee.service):
        # a statement runs on one core: with few at once the machine has some left
        return Saturated(_DATABASE, float(sql), f"share of the time of all requests; it used {database:.2f} cores")
    if isinstance(remote, int | float) and remote >= HALF:
        return Saturated(
            _REMOTE, float(remote), "share of the time of all requests, by the traces; processors are free"
        )
    if isinstance(own, int | float) and own >= HALF and knee.busiest <= HALF:
        said = (
            f"share of the time of all requests, by the traces; its busiest process used {knee.busiest:.2f} of a core"
        )
        return Saturated(_OWN, float(own), said)
    return None


def _diagnosed(traces: Evidence | None) -> list[tuple[str, float]]:
    """Rules found by the diagnosis of the traces, each with its share of the latency of its route."""
    table = None if traces is None else next((t for t in traces.tables if t.id == "trace.diagnoses"), None)
    if table is None:
        return []
    at = {column.name: place for place, column in enumerate(table.columns)}
    found = []
    for row in table.rows:
        share = row[at["share_of_latency"]]
        if isinstance(share, int | float):
            found.append((str(row[at["rule"]]), float(share)))
    return found


Moment = tuple[datetime, datetime]


def ends(load: Evidence) -> tuple[Moment, list[Moment]] | None:
    """When the load was lowest, and when it was at the knee, the best moment first.

    The knee is the lowest rate above all that held at which the service failed: there what it lacks is used up. Where
    none failed it is the highest that held. None where no step held, or only one rate was tried.
    """
    table = next((table for table in load.tables if table.id == "load.steps"), None)
    if table is None:
        return None
    at = {column.name: place for place, column in enumerate(table.columns)}
    if not {"started", "ended"} <= at.keys():
        return None
    steps: dict[str, list[tuple[float, Moment]]] = {"held": [], "failed": []}
    for row in table.rows:
        rate, started, ended = (row[at[name]] for name in ("offered", "started", "ended"))
        outcome = str(row[at["outcome"]])
        if outcome in steps and isinstance(rate, int | float) and started and ended:
            moment = datetime.fromisoformat(str(started)), datetime.fromisoformat(str(ended))
            steps[outcome].append((rate, moment))
    held = sorted(steps["held"], key=lambda step: step[0])
    if not held:
        return None
    beyond = sorted((step for step in steps["failed"] if step[0] > held[-1][0]), key=lambda step: step[0])
    if not beyond and held[0][0] == held[-1][0]:
        return None
    return held[0][1], [moment for _, moment in (*beyond, held[-1])]


_PROCESSORS: Mapping[str, Callable[[Usage], float | None]] = {
    "busiest process of the service": lambda use: use.busiest,
    "service": lambda use: use.service,
    "database": lambda use: use.database,
    "machine": lambda use: use.machine,
}


def _table(low: Usage | None, knee: Usage | None, traces: Evidence | None) -> Table:
    rows: list[tuple[str | float | None, ...]] = []
    for resource, pick in _PROCESSORS.items():
        ends = (None if use is None else pick(use) for use in (low, knee))
        rows.append((resource, *ends, "cores"))
    rows += [(rule, None, share, "share of the time of its route") for rule, share in _diagnosed(traces)]
    return Table(
        id="load.resources",
        columns=(
            Column(name="resource"),
            Column(name="at_low_load", unit=Unit.RATIO),
            Column(name="at_the_knee", unit=Unit.RATIO),
            Column(name="unit"),
        ),
        rows=tuple(rows),
    )


def _evidence(site: Site, name: str) -> Evidence | None:
    try:
        return read(site.run / "evidence" / f"{name}.json")
    except EvidenceError:
        return None


_NO_LOAD = Text(
    en="The run loaded nothing, so nothing was used up.",
    fr="L’évaluation n’a rien chargé\u202f: rien n’a été épuisé.",
)
_NO_KNEE = Text(
    en="The service held at no rate, or one only was tried: there is no low load to compare the highest with.",
    fr="Le service n’a tenu aucun débit, ou un seul a été essayé\u202f: il n’y a pas de charge faible à comparer.",
)
_NOT_READ = Text(
    en="The processors were not read at the knee: the processes of the service are not known.",
    fr="Les processeurs n’ont pas été relevés au coude\u202f: les processus du service ne sont pas connus.",
)
_CROWDED = Text(
    en="The machine's processors were used up at the knee, not by the service: its own limit did not show.",
    fr="Les processeurs de la machine étaient épuisés au coude, mais pas par le service\u202f: sa propre limite n’est "
    "pas apparue.",
)
_NOT_TOLD = Text(
    en="No resource was seen to be used up where the service failed: neither a processor nor a wait in the traces.",
    fr="Aucune ressource n’a été vue épuisée là où le service cède\u202f: ni un processeur, ni une attente dans les "
    "traces.",
)
