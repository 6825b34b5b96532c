"""Dependencies with published vulnerabilities, and whether they are locked.

A package is audited when it is pinned and the source of advisories can speak of it; what is not audited makes the
count unknown, or a lower bound. An advisory without a severity counts as high.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime
from importlib import metadata

from packaging.version import InvalidVersion, Version

from scorecard.evidence import Evidence, Fact, Provenance, Severity, Status, Text, Unit
from scorecard.site import Site
from security import osv, pip_audit
from security.advisories import Advisory, Audit
from security.observation import COLLECTOR, count, keep, no_key, unknown, unobserved, yes_no
from security.requirements_file import Pin, Requirements, read
from security.rules import Hit, Rule, findings
from security.tool import Tool, ToolError
from security.tree import named

NAME = "dependencies"
TIMEOUT_S = 120.0
FACTS = {
    "security.vulnerable_dependencies": Unit.COUNT,
    "security.dependencies_audited_share": Unit.RATIO,
    "security.advisories_age": Unit.DAYS,
    "security.dependencies_locked": Unit.YES_NO,
    "security.dependencies": Unit.COUNT,
}
_NAMED = 5


def collect(
    site: Site,
    *,
    today: date | None = None,
    tool: Tool = pip_audit.PIP_AUDIT,
    timeout_s: float = TIMEOUT_S,
) -> Evidence:
    """Evidence ``dependencies``: packages of ``target.requirements`` with published vulnerabilities.

    The advisories are those of ``security.advisories`` where it is given, and of it alone; else of the online service.
    """
    requirements_key = site.project.target.requirements
    if requirements_key is None:
        reason = no_key("target.requirements", "the dependencies audited", "les dépendances soient auditées")
        return unobserved(site, NAME, Status.SKIPPED, reason, FACTS)
    started = datetime.now(UTC)
    today = started.date() if today is None else today
    try:
        requirements = read(site.path(requirements_key))
    except ToolError as error:
        return unobserved(site, NAME, Status.ERROR, error.text, FACTS)
    try:
        audit = _audit(site, requirements.pins, today, tool, timeout_s)
    except ToolError as error:
        return _not_audited(site, requirements, error.text, started)
    return _evidence(site, requirements, audit, started)


def _audit(site: Site, pins: set[Pin], today: date, tool: Tool, timeout_s: float) -> Audit:
    local = site.project.security.advisories
    if local is None:
        return pip_audit.audit(pins, site, tool=tool, timeout_s=timeout_s)
    max_age = site.project.security.advisories_max_age
    return osv.audit(pins, site.path(local), named(local), today=today, max_age_days=max_age)


def _not_audited(site: Site, requirements: Requirements, reason: Text, started: datetime) -> Evidence:
    """The file was read, so what it says of itself is known; the rest is not."""
    provenance = Provenance.since(started, tool="portance", version=metadata.version("portance"))
    evidence = unobserved(site, NAME, Status.DEGRADED, reason, FACTS, provenance)
    known = {fact.id: fact for fact in (_locked(requirements), _total(requirements))}
    return evidence.model_copy(update={"facts": tuple(known.get(fact.id, fact) for fact in evidence.facts)})


def _evidence(site: Site, requirements: Requirements, audit: Audit, started: datetime) -> Evidence:
    total = requirements.total
    unaudited = [*audit.unaudited, *requirements.loose, *requirements.unread]
    gap = audit.gap if audit.gap is not None else _partial(unaudited, total)
    audited = 0 if audit.blind else total - len(unaudited)
    return Evidence(
        name=NAME,
        collector=COLLECTOR,
        project=site.project.project.name,
        status=Status.COMPLETED if gap is None else Status.DEGRADED,
        reason=gap,
        provenance=Provenance.since(started, tool=audit.tool, version=audit.version, command=audit.command),
        facts=(
            count("security.vulnerable_dependencies", len(audit.vulnerable), gap, audit.source),
            Fact(
                id="security.dependencies_audited_share",
                value=round(audited / total, 4),
                unit=Unit.RATIO,
                detail=f"{audited} of {total} packages, {audit.source}",
            ),
            _age(audit),
            _locked(requirements),
            _total(requirements),
        ),
        findings=findings(
            _hit(pin, advisory) for pin, advisories in audit.vulnerable.items() for advisory in advisories
        ),
        raw=keep(site, NAME, f"{audit.tool}.json", audit.raw),
    )


def _age(audit: Audit) -> Fact:
    if audit.age_days is None:
        return unknown("security.advisories_age", Unit.DAYS, audit.gap or _NO_DATE)
    return Fact(id="security.advisories_age", value=audit.age_days, unit=Unit.DAYS, detail=audit.source)


def _locked(requirements: Requirements) -> Fact:
    at_fault = [*requirements.loose, *requirements.unhashed]
    detail = f"not pinned or without hash: {_some(at_fault)}" if at_fault else ""
    gap = Text(
        en=f"not understood: {_some(requirements.unread)}", fr=f"lignes non comprises : {_some(requirements.unread)}"
    )
    return yes_no("security.dependencies_locked", requirements.locked, gap, detail)


def _total(requirements: Requirements) -> Fact:
    return Fact(id="security.dependencies", value=requirements.total, unit=Unit.COUNT)


def _hit(pin: Pin, advisory: Advisory) -> Hit:
    severity = Severity.HIGH if advisory.severity is None else advisory.severity
    names = ", ".join(alias for alias in advisory.aliases if alias.startswith(("CVE-", "GHSA-")))
    mended = _first_mended(pin, advisory)
    remedy = _NO_FIX if mended is None else f"Upgrade {pin.name} to {mended} or later."
    return Hit(
        category="dependencies",
        rule=advisory.id,
        what=Rule(severity, "CWE-1395", "v5.0.0-15.2.1", remedy),
        location=pin.url,
        place=f"pkg:pypi/{pin.name}",
        trait=advisory.id,
        message=f"{pin.name} {pin.version} has a published vulnerability, {advisory.id}"
        + (f" ({names})" if names else "")
        + ("; its severity is not given and counts as high" if advisory.severity is None else ""),
        tool_severity="" if advisory.severity is None else advisory.severity.value,
        confidence="HIGH",
    )


def _first_mended(pin: Pin, advisory: Advisory) -> str | None:
    """The lowest mended version above the pinned one; None when there is none."""
    mended: list[Version] = []
    for fixed in advisory.fixed:
        with suppress(InvalidVersion):
            mended.append(Version(fixed))
    above = sorted(version for version in mended if version > Version(pin.version))
    return str(above[0]) if above else None


def _partial(unaudited: list[str], total: int) -> Text | None:
    if not unaudited:
        return None
    return Text(
        en=f"{len(unaudited)} of {total} packages could not be audited (not pinned with ==, or not known to the "
        f"source of advisories): {_some(unaudited)}",
        fr=f"{len(unaudited)} paquets sur {total} n’ont pas pu être audités (non figés par ==, ou inconnus de la "
        f"source d’avis) : {_some(unaudited)}",
    )


def _some(names: list[str]) -> str:
    return ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")


_NO_DATE = Text(en="the source gives no date", fr="la source ne donne pas de date")
_NO_FIX = "No fixed version is published: replace the package, or keep the weak part out of reach."
