"""Facts that say whether the load can be believed: the generator, the size of the sample, writes, answers 429."""

from __future__ import annotations

from loadtests.load_measured import Measured, unknown
from loadtests.step import Step
from loadtests.verdict import Outcome
from scorecard.evidence import Fact, Text, Unit

_NOTHING_SENT = Text(
    en="No request reached the target within the windows measured.",
    fr="Aucune requête n’a été envoyée à la cible dans les fenêtres mesurées.",
)
_NOTHING_HEARD = Text(
    en="The target answered no request within the windows measured.",
    fr="La cible n’a répondu à aucune requête dans les fenêtres mesurées.",
)
_NOTHING_VERIFIED = Text(
    en="No step of the journeys re-reads what it wrote (verify = true), or none that does was reached.",
    fr="Aucune étape des parcours ne relit ce qui a été écrit (verify = true), ou aucune n’a été atteinte.",
)


def of_the_generator(seen: Measured, why: Text) -> list[Fact]:
    """Whether the generator kept up in the steps the figures come from; void ones are counted, not believed."""
    names = ("load.generator_lag_p99", "load.generator_cpu", "load.void_steps", "load.requests")
    if not seen.steps:
        return [unknown(name, why) for name in names]
    void = sum(seen.outcome(step) is Outcome.VOID for step in seen.steps)
    believed, which = _believed(seen)
    return [
        Fact(
            id="load.generator_lag_p99",
            value=max(step.lag_p99_s for step in believed),
            unit=Unit.SECOND,
            detail=f"worst of {which}",
        ),
        Fact(
            id="load.generator_cpu",
            value=max(step.generator_cpu for step in believed),
            unit=Unit.RATIO,
            detail=f"{_of_whom(believed)}, worst of {which}",
        ),
        Fact(
            id="load.void_steps",
            value=void,
            unit=Unit.COUNT,
            detail=f"of {len(seen.steps)} steps; they say nothing of the target and are tried again",
        ),
        Fact(
            id="load.requests",
            value=sum(step.requests for step in seen.steps),
            unit=Unit.COUNT,
            detail="steps of journeys; one that follows redirects is one" + (f"; {seen.caveat}" if seen.caveat else ""),
        ),
    ]


def _of_whom(steps: list[Step]) -> str:
    """Whose processor the generator's figure is of."""
    most = max(steps, key=lambda step: step.processes)
    if most.processes == 1:
        return "share of its one core"
    machines = "this machine" if most.machines == 1 else f"{most.machines} machines"
    return f"share of a core of the busiest of up to {most.processes} processes on {machines}"


def _believed(seen: Measured) -> tuple[list[Step], str]:
    """The steps the figures come from, and their name: held ones and the peak, or those that failed, or all."""
    sound = [step for step in seen.steps if seen.outcome(step) is not Outcome.VOID]
    counted = [step for step in sound if step is seen.peak or seen.outcome(step) is Outcome.HELD]
    if counted:
        return counted, f"{len(counted)} steps that held or were at the peak demand"
    if sound:
        return sound, f"{len(sound)} steps that failed, since none held"
    return list(seen.steps), f"{len(seen.steps)} steps, all of them void"


def of_the_writes(seen: Measured, why: Text) -> list[Fact]:
    """What the journeys wrote, whether it was found again, and answers 429; what nobody looked at is unknown."""
    if not seen.steps:
        return [unknown(name, why) for name in ("load.writes_share", "load.lost_writes", "load.rate_limited")]
    sent, heard, verified = (
        sum(counts) for counts in zip(*((s.requests, s.heard, s.verified) for s in seen.steps), strict=True)
    )
    return [
        Fact(
            id="load.writes_share",
            value=sum(step.writes for step in seen.steps) / sent,
            unit=Unit.RATIO,
            detail=f"POST, PUT, PATCH and DELETE among {sent} requests to the target",
        )
        if sent
        else unknown("load.writes_share", _NOTHING_SENT),
        Fact(
            id="load.lost_writes",
            value=sum(step.lost for step in seen.steps),
            unit=Unit.COUNT,
            detail=f"of {verified} that were looked for",
        )
        if verified
        else unknown("load.lost_writes", _NOTHING_VERIFIED),
        Fact(
            id="load.rate_limited",
            value=sum(step.limited for step in seen.steps),
            unit=Unit.COUNT,
            detail=f"answers 429 among {heard}; they count as errors, never as capacity",
        )
        if heard
        else unknown("load.rate_limited", _NOTHING_HEARD),
    ]
