"""Objectives of Keptn (``slo.yaml``) as criteria of one's own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from scorecard.bridges.documents import items, mapping, yaml_object
from scorecard.bridges.foreign import BridgeError
from scorecard.evidence import Text, Unit


@dataclass(frozen=True)
class Sli:
    """The fact that an indicator of Keptn means, and what one of its units is in ours."""

    evidence: str
    fact: str
    unit: Unit
    times: float = 1.0


USUAL = {
    "response_time_p95": Sli("load", "load.peak_p95", Unit.SECOND, 0.001),
    "error_rate": Sli("load", "load.peak_error_rate", Unit.RATIO, 0.01),
    "throughput": Sli("load", "load.sustained_rps", Unit.REQUESTS_PER_SECOND),
}
"""Indicators that Keptn's own examples use, in their units there: milliseconds, percent, requests per second."""


@dataclass(frozen=True)
class Objective:
    """An objective that one threshold can say; ``warn`` is the easier threshold of its warning, if it has one."""

    sli: str
    title: str
    meaning: Sli
    better: Literal["higher", "lower"]
    exclusive: bool
    passes: float
    warns: float | None
    weight: float
    key: bool


@dataclass(frozen=True)
class Slo:
    """What of an ``slo.yaml`` became objectives, and what did not, with the reason."""

    objectives: tuple[Objective, ...]
    left: tuple[Text, ...]


_CRITERION = re.compile(r"(<=|<|>=|>)\s*(\d+(?:\.\d+)?)")


def read(content: bytes, meanings: dict[str, Sli]) -> Slo:
    """The objectives of the file whose indicators are in ``meanings``.

    An objective is taken when its ``pass`` is one absolute threshold. What is relative to an earlier run ("<=+10%"),
    a choice between several thresholds, or without any cannot be said by one threshold: it is left out and named, since
    dropping a part of it would make it easier.

    Raises:
        BridgeError: not such a file, or none of its objectives could be taken.
    """
    document = yaml_object(content)
    listed = document.get("objectives")
    if not isinstance(listed, list):
        raise BridgeError(Text(en="no slo.yaml of Keptn: objectives is missing", fr="pas un slo.yaml de Keptn"))
    taken: list[Objective] = []
    left: list[Text] = []
    for entry in map(mapping, listed):
        outcome = _objective(entry, meanings)
        if isinstance(outcome, Objective):
            taken.append(outcome)
        else:
            name = str(entry.get("sli") or "?")
            left.append(Text(en=f"{name}: {outcome.en}", fr=f"{name} : {outcome.fr}"))
    if not taken:
        raise BridgeError(
            Text(
                en="none of its objectives can be a criterion: " + "; ".join(t.en for t in left),
                fr="aucun de ses objectifs ne peut être un critère : " + " ; ".join(t.fr for t in left),
            )
        )
    return Slo(tuple(taken), tuple(left))


def _objective(entry: dict[str, Any], meanings: dict[str, Sli]) -> Objective | Text:
    name = str(entry.get("sli") or "")
    if not entry.get("pass"):
        return Text(en="has no threshold, it only informs", fr="n’a pas de seuil, il ne fait qu’informer")
    meaning = meanings.get(name)
    if meaning is None:
        return Text(
            en=f"which fact it means is not known; say it with --sli {name}=EVIDENCE:FACT:UNIT",
            fr=f"le fait visé n’est pas connu ; le dire par --sli {name}=PREUVE:FAIT:UNITÉ",
        )
    passes = _threshold(entry["pass"])
    warns = _threshold(entry["warning"]) if entry.get("warning") else None
    if passes is None or (entry.get("warning") and warns is None):
        return Text(
            en="not one absolute threshold (relative to an earlier run, or several)",
            fr="pas un seuil absolu unique (relatif à une évaluation antérieure, ou plusieurs)",
        )
    sign, limit = passes
    if warns is not None and warns[0][0] != sign[0]:
        return Text(en="pass and warning compare differently", fr="les seuils comparent différemment")
    weight = entry.get("weight", 1)
    return Objective(
        sli=name,
        title=str(entry.get("displayName") or name),
        meaning=meaning,
        better="lower" if sign.startswith("<") else "higher",
        # One edge serves both thresholds; where they differ, the stricter one.
        exclusive=any(not threshold[0].endswith("=") for threshold in (passes, warns) if threshold is not None),
        passes=round(limit * meaning.times, 9),
        warns=None if warns is None else round(warns[1] * meaning.times, 9),
        weight=float(weight) if isinstance(weight, int | float) and 0 < weight <= 10 else 1.0,
        key=entry.get("key_sli") is True,
    )


def _threshold(blocks: object) -> tuple[str, float] | None:
    found = [criterion for block in map(mapping, items(blocks)) for criterion in items(block.get("criteria"))]
    match = _CRITERION.fullmatch(str(found[0]).strip()) if len(found) == 1 else None
    return None if match is None else (match[1], float(match[2]))
