"""What the gate itself costs, and what the run that it judges cost."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import psutil

from scorecard.evidence import Evidence, Text, Unit
from scorecard.quantities import number, quantity


@dataclass(frozen=True)
class Cost:
    """Seconds of this process, wall and CPU, since it was started; those of the run from its first to its last look.

    ``cores`` are those of the machine of the run. Both figures of the run are None when no evidence is dated.
    """

    gate_wall_s: float
    gate_cpu_s: float
    run_wall_s: float | None
    cores: int | None

    @property
    def machine_minutes(self) -> float | None:
        """What a provider of runners counts: minutes of the one machine that the run had."""
        return None if self.run_wall_s is None else self.run_wall_s / 60

    def said(self, lang: str) -> str:
        """The cost in one line."""
        wall, cpu = (quantity(seconds, Unit.SECOND, lang) for seconds in (self.gate_wall_s, self.gate_cpu_s))
        if self.run_wall_s is None or self.machine_minutes is None or self.cores is None:
            run = Text(en="how long the run took is unknown", fr="la durée de l’évaluation n’est pas connue")
        else:
            took = {one: quantity(self.run_wall_s, Unit.SECOND, one) for one in ("en", "fr")}
            minutes = {one: number(self.machine_minutes, one, 2) for one in ("en", "fr")}
            run = Text(
                en=f"the run took {took['en']}, {minutes['en']} machine-minutes on {self.cores} cores",
                fr=f"l’évaluation a duré {took['fr']}, soit {minutes['fr']} minutes-machine sur {self.cores} cœurs",
            )
        gate = Text(
            en=f"This gate took {wall}, {cpu} of CPU", fr=f"Ce contrôle a pris {wall}, dont {cpu} de processeur"
        )
        return Text(en=f"{gate.en}; {run.en}.", fr=f"{gate.fr} ; {run.fr}.").in_(lang)


def measure(evidence: Sequence[Evidence]) -> Cost:
    """The cost up to now of this process, and of the run that left ``evidence``."""
    dated = [e.provenance for e in evidence if e.provenance is not None]
    ends = [p.started + timedelta(seconds=p.duration_s) for p in dated]
    return Cost(
        gate_wall_s=round(max(0.0, time.time() - psutil.Process().create_time()), 3),
        gate_cpu_s=round(time.process_time(), 3),
        run_wall_s=round((max(ends) - min(p.started for p in dated)).total_seconds(), 3) if dated else None,
        cores=max((p.machine.cores for p in dated if p.machine is not None), default=None),
    )
