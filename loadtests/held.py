"""What the run has found the service to hold, read from its load evidence: what the tests after it start from."""

from __future__ import annotations

from dataclasses import dataclass

from scorecard.evidence import EvidenceError, Status, Text, read
from scorecard.site import Site


@dataclass(frozen=True)
class Held:
    """The rate that the load of this run sustained.

    Attributes:
        rate: journeys a second, the best single figure.
        low: lowest rate that explains what was seen; ``rate`` where the load does not say.
        high: lowest rate above which everything failed; None when no rate failed, so that ``rate`` is "at least".
        requests_per_journey: requests the target gets from a journey.
        confirmed: whether ``low`` held each time it was tried again.
    """

    rate: float
    low: float
    high: float | None
    requests_per_journey: float
    confirmed: bool = True


_NO_LOAD = Text(
    en="The rate that the service holds was not measured in this run, and this test starts from it: run it with load.",
    fr="Le débit tenu par le service n’a pas été mesuré dans cette évaluation, et cet essai en part : "
    "lancez-le avec load.",
)
_NOTHING_HELD = Text(
    en="The service held no rate at all, so there is nothing to go by.",
    fr="Le service n’a tenu aucun débit : il n’y a rien d’où partir.",
)


def held(site: Site) -> Held | Text:
    """The sustained rate of this run, or why there is none."""
    try:
        load = read(site.run / "evidence" / "load.json")
    except EvidenceError:
        return _NO_LOAD
    facts = {fact.id: fact for fact in load.facts}
    sustained, requests = facts.get("load.sustained_journeys_per_s"), facts.get("load.requests_per_journey")
    if sustained is None or requests is None or requests.value is None:
        return _NO_LOAD
    if sustained.value is None:
        return sustained.reason if sustained.reason is not None else _NO_LOAD
    rate = float(sustained.value)
    if rate <= 0:
        return _NOTHING_HELD
    return Held(
        rate=rate,
        low=rate if sustained.low is None else float(sustained.low),
        high=None if sustained.high is None else float(sustained.high),
        requests_per_journey=float(requests.value),
        confirmed=load.status is Status.COMPLETED,
    )
