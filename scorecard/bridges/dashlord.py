"""The ``report.json`` of DashLord, read."""

from __future__ import annotations

from typing import Any

from scorecard.bridges.documents import json_document, mapping
from scorecard.bridges.foreign import BridgeError, Foreign, Reading, number
from scorecard.evidence import Text, Unit

NUMBERS = (
    ("uptime", "uptime", Unit.RATIO, 0.01),
    ("apdex", "apdex", Unit.RATIO, 1.0),
    ("accessibility", "lighthouse_accessibility", Unit.RATIO, 1.0),
    ("performance", "lighthouse_performance", Unit.RATIO, 1.0),
    ("trackers", "trackersCount", Unit.COUNT, 1.0),
    ("cookies", "cookiesCount", Unit.COUNT, 1.0),
    ("vulnerabilities", "dependabotCount", Unit.COUNT, 1.0),
    ("code_alerts", "codescanCount", Unit.COUNT, 1.0),
    ("broken_links", "404", Unit.COUNT, 1.0),
)
"""Our names, DashLord's, our units, and what one of DashLord's is in ours (its uptime is in percent)."""

GRADES = (
    ("tls_grade", "testsslGrade"),
    ("http_grade", "httpGrade"),
    ("uptime_grade", "uptimeGrade"),
    ("network_grade", "nmapGrade"),
    ("accessibility_declaration", "declaration-a11y"),
)


def read(content: bytes, url: str | None = None) -> Foreign:
    """What the summary of one address says; grades stay DashLord's own words and are not turned into ours.

    A figure that DashLord leaves out is missing, never the best: DashLord itself counts an unknown level as an A.

    Args:
        content: the file, a list of one report an address.
        url: the address; may be left out where the file has only one.

    Raises:
        BridgeError: not such a file, or the address is not in it.
    """
    document = json_document(content)
    reports = [mapping(entry) for entry in document] if isinstance(document, list) else []
    if not reports or any("url" not in r for r in reports):
        raise BridgeError(Text(en="no DashLord report: a list of entries with url", fr="pas un rapport DashLord"))
    summary = mapping(_entry(reports, url).get("summary"))
    readings = [number(name, unit, summary.get(key), key, times=times) for name, key, unit, times in NUMBERS]
    return Foreign(tool="DashLord", readings=(*readings, *(_grade(summary, name, key) for name, key in GRADES)))


def _entry(reports: list[dict[str, Any]], url: str | None) -> dict[str, Any]:
    known = ", ".join(str(r["url"]) for r in reports[:5])
    if url is None and len(reports) > 1:
        raise BridgeError(
            Text(
                en=f"{len(reports)} addresses: say which with --url ({known}…)",
                fr=f"{len(reports)} adresses : dire laquelle par --url ({known}…)",
            )
        )
    found = [r for r in reports if url is None or str(r["url"]).rstrip("/") == url.rstrip("/")]
    if not found:
        raise BridgeError(Text(en=f"{url} is not in it; it has {known}", fr=f"{url} n’y est pas ; il a {known}"))
    return found[0]


def _grade(summary: dict[str, Any], name: str, key: str) -> Reading:
    value = summary.get(key)
    if isinstance(value, str) and value.strip():
        return Reading(name, Unit.TEXT, value.strip()[:100])
    return Reading(
        name,
        Unit.TEXT,
        None,
        Text(en=f"the file does not say: no {key}", fr=f"le fichier ne le dit pas : pas de {key}"),
    )
