"""What a run holds and what it came to, as an in-toto statement; a pure function of the run, so that it can be redone.

The predicate ``run/v1`` is documented in ``docs/proof.md``.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from scorecard.evidence import Evidence
from scorecard.proof import attestation
from scorecard.proof.attestation import Json
from scorecard.proof.files import sha256
from scorecard.proof.program import Program
from scorecard.scorecard import Scorecard, Verdict

PREDICATE = "urn:portance:run:v1"


def statement(card: Scorecard, subjects: Mapping[str, str], *, by: Program, state: str, commit: Json) -> bytes:
    """The statement on the files ``subjects`` of a run that was graded as ``card`` by the program ``by``.

    Args:
        state: how far the run went.
        commit: what is known of the source that was assessed: {"commit": …, "changed": …}, None for not known.
    """
    starts, ends = _times(card.evidence)
    predicate = {
        "project": card.project.model_dump(mode="json"),
        "source": commit,
        "portance": {"version": by.version, "digest": {"sha256": by.digest}},
        "criteria": {"count": len(card.judged), "digest": {"sha256": criteria_digest(card)}},
        "run": {"state": state, "started": starts, "finished": ends, "gradedOn": card.graded_on.isoformat()},
        "machines": _machines(card.evidence),
        "evidence": [_evidence(e) for e in card.evidence],
        "result": result(card),
    }
    return attestation.written(subjects, PREDICATE, predicate)


def criteria_digest(card: Scorecard) -> str:
    """SHA-256 of all that was asked, with its thresholds: what makes a regrading comparable to the byte."""
    asked = sorted(
        (j.criterion.model_dump(mode="json", by_alias=True) for j in card.judged), key=lambda c: str(c["id"])
    )
    canonical = json.dumps(asked, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return sha256(canonical.encode())


def result(card: Scorecard) -> Json:
    """Decision, grade, users held and verdicts counted."""
    counted = Counter(j.verdict for j in card.judged)
    return {
        "decision": card.decision.value,
        "exitCode": card.decision.exit_code,
        "gradeLow": card.grade.low,
        "gradeHigh": card.grade.high,
        "coverage": card.coverage,
        "usersLow": card.capacity.users_low,
        "usersHigh": card.capacity.users_high,
        "verdicts": {verdict.value: counted[verdict] for verdict in Verdict},
    }


def _evidence(evidence: Evidence) -> Json:
    provenance = evidence.provenance
    return {
        "name": evidence.name,
        "status": evidence.status.value,
        "digest": evidence.digest,
        "tool": None if provenance is None else provenance.tool,
        "toolVersion": None if provenance is None else provenance.version,
    }


def _machines(found: tuple[Evidence, ...]) -> list[Json]:
    machines = [e.provenance.machine for e in found if e.provenance is not None and e.provenance.machine is not None]
    return [machine.model_dump(mode="json") for machine in dict.fromkeys(machines)]


def _times(found: tuple[Evidence, ...]) -> tuple[str | None, str | None]:
    """When the first observation began and the last one ended, in UTC to the second; None where none is dated."""
    dated = [e.provenance for e in found if e.provenance is not None]
    if not dated:
        return None, None
    return moment(min(p.started for p in dated)), moment(
        max(p.started + timedelta(seconds=p.duration_s) for p in dated)
    )


def moment(when: datetime) -> str:
    """``when`` in UTC to the second, as RFC 3339."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
