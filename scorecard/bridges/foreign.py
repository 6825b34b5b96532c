"""What another tool's file says, before it becomes evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from scorecard.evidence import Evidence, Fact, Finding, Provenance, Status, Text, Unit

Number = int | float
Value = Number | str | bool

NO_SAMPLES = Text(en="the tool counted no sample", fr="l’outil n’a compté aucun échantillon")


class BridgeError(Exception):
    """A file is not what it is said to be; ``text`` is one line in both languages."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


@dataclass(frozen=True)
class Reading:
    """One value of the file in one of our units; ``value`` is None where the file does not say, with the reason."""

    name: str
    unit: Unit
    value: Value | None
    reason: Text | None = None
    low: Number | None = None
    high: Number | None = None


@dataclass(frozen=True)
class Foreign:
    """A file read.

    Attributes:
        tool: name of the tool that wrote it.
        version: its version, empty where the file does not say.
        readings: its values.
        findings: what it found, already redacted.
        observed: when, aware; None where the file does not say.
        duration_s: how long the observation took, 0 where the file does not say.
        gaps: what the file itself says it did not do, or says twice and differently.
    """

    tool: str
    readings: tuple[Reading, ...]
    version: str = ""
    findings: tuple[Finding, ...] = ()
    observed: datetime | None = None
    duration_s: float = 0.0
    gaps: tuple[Text, ...] = ()


def missing(name: str, unit: Unit, what: str) -> Reading:
    """A reading that the file does not hold; ``what`` is the key looked for."""
    return Reading(
        name, unit, None, Text(en=f"the file does not say: no {what}", fr=f"le fichier ne le dit pas : pas de {what}")
    )


def number(name: str, unit: Unit, value: object, what: str, *, times: float = 1.0, digits: int = 9) -> Reading:
    """``value`` as a reading in ``unit`` after multiplication by ``times``; missing where it is not a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value or abs(value) == float("inf"):
        return missing(name, unit, what)
    return Reading(name, unit, value if times == 1.0 else round(value * times, digits))


def without_samples(readings: Sequence[Reading], requests: Number | None) -> tuple[Reading, ...]:
    """The readings, emptied but for the count itself when nothing was counted: no sample passes no threshold."""
    if requests is not None and requests > 0:
        return tuple(readings)
    return tuple(r if r.unit is Unit.COUNT else Reading(r.name, r.unit, None, NO_SAMPLES) for r in readings)


def as_evidence(
    foreign: Foreign, *, name: str, project: str, source: str, observed: datetime, now: datetime
) -> Evidence:
    """Evidence ``imported-<name>`` with the facts ``imported.<name>.*``; every fact names ``source``.

    Args:
        foreign: the file read.
        name: short name, lower-case words and hyphens.
        project: name of the project the run is of.
        source: who wrote the file and where it is, for people.
        observed: when the tool observed, aware.
        now: the present, aware.

    Raises:
        BridgeError: the observation is dated in the future.
    """
    if observed > now:
        raise BridgeError(
            Text(
                en=f"dated {observed.date().isoformat()}, which is in the future",
                fr=f"daté du {observed.date().isoformat()}, qui est dans le futur",
            )
        )
    facts = tuple(
        Fact(
            id=f"imported.{name}.{r.name}",
            value=r.value,
            unit=r.unit,
            low=r.low,
            high=r.high,
            reason=r.reason,
            source=source,
        )
        for r in foreign.readings
    )
    reason = None
    if foreign.gaps:
        reason = Text(en="; ".join(gap.en for gap in foreign.gaps), fr="\u202f; ".join(gap.fr for gap in foreign.gaps))
    return Evidence(
        name=f"imported-{name}",
        collector="portance.import",
        project=project,
        status=Status.DEGRADED if foreign.gaps else Status.COMPLETED,
        reason=reason,
        provenance=Provenance(
            tool=foreign.tool,
            version=foreign.version,
            command=(),
            machine=None,
            started=observed.astimezone(UTC),
            duration_s=max(0.0, foreign.duration_s),
        ),
        facts=facts,
        findings=foreign.findings,
    )
