"""wapiti, where it is installed: a second opinion on the pages that anybody may open. No criterion hangs on it.

It is under the GPL and runs as a program apart. Its modules that call hosts outside (ssrf, log4shell and the like) are
never asked for.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from scorecard.evidence import Evidence, Fact, Provenance, Severity, Status, Text, Unit
from scorecard.project import RunProfile
from scorecard.site import Site, is_local
from security.observation import COLLECTOR, keep, unobserved
from security.redaction import redact
from security.rules import Hit, Rule, findings
from security.tool import Finished, Tool, ToolError, crashed, garbage, run, scanner, version

NAME = "wapiti"
FACTS = {"security.wapiti_findings": Unit.COUNT}
MODULES = ("exec", "file", "permanentxss", "redirect", "sql", "timesql", "upload", "xss", "xxe")
SECONDS: MappingProxyType[RunProfile, int] = MappingProxyType({"smoke": 5, "quick": 10, "standard": 60, "full": 300})
"""For its scan; it begins and ends beside that, for which as much again and :data:`BESIDE_S` are given."""
BESIDE_S = 60


def collect(site: Site, tool: Tool | None = None) -> Evidence:
    """Evidence ``wapiti``: what it found from the front page, as nobody; unknown where it is not installed."""
    if site.project.security.active is False:
        return unobserved(site, NAME, Status.SKIPPED, _SWITCHED_OFF, FACTS)
    if site.url is None:
        return unobserved(site, NAME, Status.ERROR, _NOTHING_RUNS, FACTS)
    if not is_local(site.url) and not (site.project.target.remote and site.project.security.active):
        return unobserved(site, NAME, Status.SKIPPED, _NOT_ASKED, FACTS)
    started = datetime.now(UTC)
    try:
        tool = scanner("wapiti", package="wapiti3") if tool is None else tool
        known = version(tool)
        report = _scan(site, tool, site.url.rstrip("/"))
        hits = list(_hits(report))
        visited = int(report["infos"]["crawled_pages_nbr"])
    except ToolError as error:
        return unobserved(site, NAME, Status.SKIPPED, error.text, FACTS)
    if visited == 0:
        return unobserved(site, NAME, Status.ERROR, _NOTHING_SEEN, FACTS)
    return Evidence(
        name=NAME,
        collector=COLLECTOR,
        project=site.project.project.name,
        status=Status.COMPLETED,
        provenance=Provenance.since(started, tool="wapiti", version=known, command=(*tool.shown, "-m", *MODULES)),
        facts=(
            Fact(id="security.wapiti_findings", value=len(hits), unit=Unit.COUNT, detail=f"{visited} pages visited"),
        ),
        findings=findings(hits),
        raw=keep(site, NAME, "wapiti.json", report["vulnerabilities"]),
    )


def _scan(site: Site, tool: Tool, url: str) -> dict[str, Any]:
    seconds = SECONDS[site.profile]
    with tempfile.TemporaryDirectory(prefix="portance-wapiti-") as folder:
        output = Path(folder, "report.json")
        arguments = (
            *("-u", f"{url}/", "--scope", "folder", "-m", ",".join(MODULES), "-f", "json", "-o", str(output)),
            *("--store-session", folder, "--flush-session", "--no-bugreport", "-v", "0"),
            *("--max-scan-time", str(seconds), "--max-attack-time", str(max(1, seconds // 3))),
            *(word for path in _starts(site) for word in ("-s", url + path)),
        )
        tick = partial(site.progress, Text(en="A second opinion (wapiti)", fr="Un second avis (wapiti)"), 0.5, None)
        done = run(tool, arguments, timeout_s=2 * seconds + BESIDE_S, tick=tick)
        if done.exit_code != 0:
            raise crashed(tool, done)
        return _read(tool, done, output)


def _starts(site: Site) -> list[str]:
    """Where it begins: the pages of the project file, and what the journeys ask for that holds nothing of a person."""
    asked = [step.path for one in site.project.journeys for step in one.steps if step.method == "GET"]
    plain = [path for path in asked if path.startswith("/") and "{" not in path]
    return list(dict.fromkeys([*site.project.target.pages, *plain]))[:30]


def _read(tool: Tool, done: Finished, output: Path) -> dict[str, Any]:
    try:
        report = json.loads(output.read_bytes())
        found = report["vulnerabilities"]
        if not isinstance(report["infos"]["crawled_pages_nbr"], int):
            raise garbage(tool, done)
        for name, ones in found.items():
            for one in ones:
                if not all(isinstance(one[key], str) for key in ("method", "path", "module")):
                    raise garbage(tool, Finished(done.exit_code, str(name).encode(), b"", done.duration_s))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise garbage(tool, done) from error
    kept: dict[str, Any] = report
    return kept


def _hits(report: Mapping[str, Any]) -> Iterator[Hit]:
    for name, ones in report["vulnerabilities"].items():
        for one in ones:
            rule = _RULES.get(one["module"], _OTHER)
            place = f"{one['method']} {one['path']}"
            parameter = redact(str(one.get("parameter", "")))[:80]
            yield Hit(
                category="active",
                rule=f"wapiti-{one['module']}",
                what=rule,
                location=place,
                place=place,
                trait=f"{one['module']} {parameter}",
                message=f"wapiti reports “{name}” at {place}, parameter {parameter or 'none'}.",
                tool_severity=str(one.get("level", "")),
                confidence="MEDIUM",
            )


_ESCAPE = "Let the template engine escape every value."
_RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "exec": Rule(Severity.CRITICAL, "CWE-78", "v5.0.0-1.2.5", "Start programs without a shell."),
        "file": Rule(Severity.HIGH, "CWE-22", "v5.0.0-5.3.2", "Check that a path stays inside its folder."),
        "permanentxss": Rule(Severity.HIGH, "CWE-79", "v5.0.0-1.2.1", _ESCAPE),
        "redirect": Rule(Severity.MEDIUM, "CWE-601", "v5.0.0-3.7.2", "Redirect to paths of the service only."),
        "sql": Rule(Severity.CRITICAL, "CWE-89", "v5.0.0-1.2.4", "Give values to the database as parameters."),
        "timesql": Rule(Severity.CRITICAL, "CWE-89", "v5.0.0-1.2.4", "Give values to the database as parameters."),
        "upload": Rule(Severity.HIGH, "CWE-434", "v5.0.0-5.2.2", "Check what a file is before it is kept."),
        "xss": Rule(Severity.HIGH, "CWE-79", "v5.0.0-1.2.1", _ESCAPE),
        "xxe": Rule(Severity.HIGH, "CWE-611", "v5.0.0-1.5.1", "Read XML without external entities."),
    }
)
_OTHER = Rule(Severity.MEDIUM, "", "", "Look at the report of wapiti that is kept with this run.")
_SWITCHED_OFF = Text(
    en="[security] active = false in portance.toml: nothing was tried",
    fr="[security] active = false dans portance.toml\u202f: rien n’a été essayé",
)
_NOTHING_RUNS = Text(
    en="no service runs: target.url and target.start are not given, or it did not start",
    fr="aucun service ne tourne\u202f: target.url et target.start ne sont pas indiqués, ou il n’a pas démarré",
)
_NOT_ASKED = Text(
    en="the service is not on this machine: attacks are tried there only with [security] active = true and [target] "
    "remote = true",
    fr="le service n’est pas sur cette machine\u202f: des attaques n’y sont essayées qu’avec [security] active = true "
    "et [target] remote = true",
)
_NOTHING_SEEN = Text(en="wapiti visited no page", fr="wapiti n’a visité aucune page")
