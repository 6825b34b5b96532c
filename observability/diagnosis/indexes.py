"""Slow statements that lack an index, told from those that do not by the plan of the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from observability.diagnosis import plan
from observability.diagnosis.diagnosis import Diagnosis, Rule, shortened
from observability.diagnosis.plan import PlanError, Scan
from scorecard.evidence import Text, Unit
from scorecard.quantities import both

MOST_PLANS = 20
_SLOW = frozenset({Rule.SLOW_STATEMENT, Rule.GROWING_STATEMENT})
NOT_ASKED = Text(
    en="the plans of slow statements were not asked for: [target] database names no variable that is set",
    fr="les plans des requêtes lentes n’ont pas été demandés\u202f: [target] database ne nomme aucune variable définie",
)


@dataclass(frozen=True)
class Advised:
    """Diagnoses with what the plans add to them, and why some have none."""

    found: Sequence[Diagnosis]
    unasked: Text | None


def advised(found: Sequence[Diagnosis], variable: str | None, environment: Mapping[str, str]) -> Advised:
    """``found``, those of slow statements that read a whole table for lack of an index with the index that they lack.

    ``variable`` is ``[target] database``: the address of the database is in the environment, not in a file.
    """
    slow = list(dict.fromkeys(d.place for d in found if d.rule in _SLOW))
    address = None if variable is None else environment.get(variable.removeprefix("env:"))
    if not slow:
        return Advised(found, None)
    if not address:
        return Advised(found, NOT_ASKED)
    try:
        scans = dict(_scans(address, slow[:MOST_PLANS]))
    except PlanError as error:
        return Advised(found, error.why)
    return Advised([_with_index(d, scans[d.place]) if d.rule in _SLOW and d.place in scans else d for d in found], None)


def _scans(address: str, statements: Iterable[str]) -> list[tuple[str, Scan]]:
    scans: list[tuple[str, Scan]] = []
    with plan.asking(address) as connection:
        for statement in statements:
            try:
                scan = plan.missing_index(connection, statement)
            except PlanError:
                continue  # what it is slow for stays to be looked at by a person, as the remedy says
            if scan is not None:
                scans.append((statement, scan))
    return scans


def _with_index(diagnosis: Diagnosis, scan: Scan) -> Diagnosis:
    rows = both(scan.rows, Unit.COUNT)
    return replace(
        diagnosis,
        rule=Rule.MISSING_INDEX,
        said=Text(
            en=f"{diagnosis.said.en}; its plan reads all {rows.en} rows of {scan.table} for "
            f"{shortened(scan.condition)}",
            fr=f"{diagnosis.said.fr}\u202f; son plan lit les {rows.fr} lignes de {scan.table} pour "
            f"{shortened(scan.condition)}",
        ),
        remedy=Text(
            en=f"{scan.index}; then look at its plan again (EXPLAIN).",
            fr=f"{scan.index}\u202f; puis regarder de nouveau son plan (EXPLAIN).",
        ),
    )
