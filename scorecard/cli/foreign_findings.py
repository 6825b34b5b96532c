"""SARIF of another scanner as evidence: read by the room that knows scanners, redacted before it is kept."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from scorecard.bridges.documents import MOST_BYTES, items, mapping, moment
from scorecard.bridges.foreign import BridgeError, Foreign, Reading
from scorecard.evidence import Finding, Severity, Suppression, Text, Unit
from security import sarif
from security.redaction import redact

COUNTED = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW)


def read_sarif(content: bytes) -> Foreign:
    """The findings of every tool of the file, and how many of each severity nobody accepted.

    Raises:
        BridgeError: not SARIF 2.1, a tool says that it failed, or the file holds no run.
    """
    if len(content) > MOST_BYTES:
        most = MOST_BYTES // 1024 // 1024
        raise BridgeError(Text(en=f"larger than {most} MiB", fr=f"plus de {most} Mio"))
    try:
        results = sarif.read(content)
    except (sarif.SarifError, RecursionError) as error:
        raise BridgeError(Text(en=str(error), fr=f"pas un fichier SARIF utilisable : {error}")) from error
    runs = [mapping(run) for run in items(json.loads(content).get("runs"))]
    if not runs:
        raise BridgeError(
            Text(en="the file holds no run of a tool", fr="le fichier ne contient aucune exécution d’outil")
        )
    findings = tuple(_finding(result) for result in results if result.level is not sarif.Level.NONE)
    standing = Counter(finding.severity for finding in findings if finding.suppression is None)
    drivers = [mapping(mapping(run.get("tool")).get("driver")) for run in runs]
    return Foreign(
        tool=", ".join(dict.fromkeys(str(driver.get("name", "")) for driver in drivers)),
        version=str(drivers[0].get("semanticVersion") or drivers[0].get("version") or "") if len(drivers) == 1 else "",
        readings=tuple(Reading(severity.value, Unit.COUNT, standing[severity]) for severity in COUNTED),
        findings=findings,
        observed=max(_ends(runs), default=None),
    )


def _finding(result: sarif.Result) -> Finding:
    return Finding(
        category=result.tool,
        rule=result.rule,
        severity=result.severity,
        tool_severity=result.level.value,
        location=result.path if result.line is None else f"{result.path}:{result.line}",
        message=redact(result.message)[:500],
        suppression=Suppression(reason=f"accepted in the file of {result.tool}", owner="")
        if result.suppressed
        else None,
    )


def _ends(runs: list[dict[str, Any]]) -> list[Any]:
    found = (
        moment(mapping(invocation).get("endTimeUtc")) for run in runs for invocation in items(run.get("invocations"))
    )
    return [end for end in found if end is not None]
