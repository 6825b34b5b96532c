"""What the service is made of: a CycloneDX bill of its packages, and the licence each one is under.

cyclonedx-py makes the bill from ``target.requirements``. Licences stand in no requirements file: they are read from the
metadata of the same versions where they are installed, in the environment that starts the service or beside it.
"""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from scorecard.evidence import Evidence, Fact, Provenance, Severity, Status, Text, Unit
from scorecard.site import Site
from security.account import found, handed_in
from security.licences import Installed, imported, installed, is_strong_copyleft
from security.observation import count, keep, no_key, unobserved, yes_no
from security.redaction import redact
from security.requirements_file import Requirements, read
from security.rules import Hit, Rule
from security.tool import Tool, ToolError, crashed, garbage, run, scanner, version
from security.tree import walk

NAME = "components"
FILE = "sbom.cdx.json"
TIMEOUT_S = 60.0
FACTS = {
    "security.sbom": Unit.YES_NO,
    "security.components": Unit.COUNT,
    "security.licences_known_share": Unit.RATIO,
    "security.licences_strong_copyleft": Unit.COUNT,
}
ARGUMENTS = (
    "requirements",
    *("--spec-version", "1.6"),
    "--output-reproducible",
    *("--output-format", "JSON"),
    "--no-validate",
    "--short-PURLs",  # a long one would hold the address of a package, with its password
)
_COPYLEFT = Rule(
    Severity.LOW,
    "",
    "",
    "Publish the service under a licence that fits (AGPL or GPL), or replace the package; write the choice down.",
)
_NAMED = 8


def collect(site: Site, *, tool: Tool | None = None, timeout_s: float = TIMEOUT_S) -> Evidence:
    """Evidence ``components``: whether all parts are listed, and under which licences; the bill is kept."""
    key = site.project.target.requirements
    if key is None:
        reason = no_key("target.requirements", "the bill of materials made", "la nomenclature soit établie")
        return unobserved(site, NAME, Status.SKIPPED, reason, FACTS)
    started = datetime.now(UTC)
    try:
        requirements = read(site.path(key))
        tool = scanner("cyclonedx-py", package="cyclonedx-bom") if tool is None else tool
        known_version = version(tool)
        bill = _bill(site, site.path(key), tool, timeout_s)
    except ToolError as error:
        return unobserved(site, NAME, Status.ERROR, error.text, FACTS)
    known = installed(requirements.pins, _places(site))
    _add_licences(bill, known)
    return _evidence(
        site,
        requirements,
        bill,
        known,
        Provenance.since(
            started, tool=tool.name, version=known_version, command=(*tool.shown, *ARGUMENTS, Path(key).name)
        ),
    )


def _bill(site: Site, path: Path, tool: Tool, timeout_s: float) -> dict[str, Any]:
    finished = run(
        tool,
        (*ARGUMENTS, path.name),
        cwd=path.parent,
        timeout_s=timeout_s,
        tick=partial(site.progress, _DOING, 0.5, None),
    )
    if finished.exit_code != 0:
        raise crashed(tool, finished)
    try:
        bill = json.loads(finished.stdout)
        if bill["bomFormat"] != "CycloneDX" or not all(isinstance(c["name"], str) for c in bill["components"]):
            raise ValueError("no CycloneDX")
    except (ValueError, KeyError, TypeError) as error:
        raise garbage(tool, finished) from error
    return {str(name): value for name, value in bill.items()}


def _evidence(
    site: Site,
    requirements: Requirements,
    bill: dict[str, Any],
    known: dict[Any, Installed],
    provenance: Provenance,
) -> Evidence:
    listed = _same_versions((canonicalize_name(c["name"]), c.get("version")) for c in bill["components"])
    unlisted = sorted(pin.name for pin in requirements.pins if (pin.name, pin.version) not in listed)
    unlisted += [*requirements.loose, *requirements.unread]
    here = requirements.pins - requirements.elsewhere
    silent = sorted(pin.name for pin in here if pin in known and known[pin].licence is None)
    absent = [*sorted(pin.name for pin in here if pin not in known), *requirements.loose, *requirements.unread]
    own = _own_imports(site)

    def is_own(one: Installed) -> bool:
        return own is None or bool(one.modules & own)

    unsure = [pin.name for pin in here if pin in known and known[pin].licence is None and is_own(known[pin])]
    gap = _unknown_licences([*absent, *unsure]) if absent or unsure else None if here else _NOTHING_HERE
    strong = [one for one in known.values() if one.licence and is_strong_copyleft(one.licence) and is_own(one)]
    seen = found(_hit(one) for one in sorted(strong, key=lambda one: one.pin))
    detail = f"CycloneDX 1.6, {len(bill['components'])} packages; kept as {FILE}"
    total = len(here) + len(requirements.loose) + len(requirements.unread)
    stated = total - len(silent) - len(absent)
    not_stated = f"; not: {_some([*silent, *absent])}" if silent or absent else ""
    facts = (
        yes_no("security.sbom", not unlisted, _NEVER, f"without version: {_some(unlisted)}" if unlisted else detail),
        Fact(id="security.components", value=len(bill["components"]), unit=Unit.COUNT, detail=detail),
        Fact(
            id="security.licences_known_share",
            value=round(stated / total, 4) if total else None,
            unit=Unit.RATIO,
            reason=None if total else _NOTHING_HERE,
            detail=f"{stated} of {total} packages that this machine installs state a licence{not_stated}",
        ),
        count("security.licences_strong_copyleft", len(strong), gap, "GPL or AGPL, imported by the source"),
    )
    licences = {one.pin.url: one.licence for one in sorted(known.values(), key=lambda one: one.pin)}
    raw = {**_keep(site, bill), **keep(site, NAME, "licences.json", licences)}
    return handed_in(site, NAME, facts, seen, gap, provenance, raw)


def _same_versions(listed: Iterable[tuple[str, str | None]]) -> set[tuple[str, str | None]]:
    """``listed`` with versions in the form that pins have, so that 1.0 and 1.0.0 written otherwise still meet."""
    same: set[tuple[str, str | None]] = set()
    for name, known in listed:
        try:
            same.add((name, None if known is None else str(Version(known))))
        except InvalidVersion:
            same.add((name, known))
    return same


def _places(site: Site) -> Iterator[Path | None]:
    """Where the packages of the service may be installed: with what starts it, beside it, beside this program."""
    start = site.project.target.start
    program = Path(shlex.split(start)[0]) if start is not None else Path("python")
    environments = [site.path(str(program)).parent.parent] if "/" in str(program) else []
    environments += [folder / name for folder in (site.root, site.root.parent) for name in (".venv", "venv")]
    for environment in environments:
        if (environment / "pyvenv.cfg").is_file():
            yield from sorted(environment.glob("lib/python*/site-packages"))
    yield None


def _own_imports(site: Site) -> frozenset[str] | None:
    source = site.project.target.source
    if source is None or not site.path(source).is_dir():
        return None
    tree = walk(site.path(source), lambda path: path.suffix == ".py", runs=site.run)
    return imported(tree.root / name for name in tree.files)


def _add_licences(bill: dict[str, Any], known: dict[Any, Installed]) -> None:
    by_name = {(one.pin.name, one.pin.version): one.licence for one in known.values()}
    for component in bill["components"]:
        licence = by_name.get((canonicalize_name(component["name"]), component.get("version", "")))
        if licence is not None:
            component["licenses"] = [{"license": {"name": licence, "acknowledgement": "declared"}}]


def _keep(site: Site, bill: dict[str, Any]) -> dict[str, str]:
    """Write the bill; only what is free text is redacted, a digest must stay what it is."""
    for component in bill["components"]:
        component.pop("description", None)  # the line of the file, which may hold a password in an address
        for reference in component.get("externalReferences", []):
            reference["url"] = redact(str(reference.get("url", "")))
    content = json.dumps(bill, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"
    path = site.raw(NAME) / FILE
    path.write_bytes(content)
    return {path.relative_to(site.run).as_posix(): hashlib.sha256(content).hexdigest()}


def _hit(one: Installed) -> Hit:
    return Hit(
        category="licences",
        rule="strong-copyleft",
        what=_COPYLEFT,
        location=one.pin.url,
        place=f"pkg:pypi/{one.pin.name}",
        trait="strong-copyleft",
        message=f"{one.pin.name} {one.pin.version} is under {one.licence}, and the source imports it",
        confidence="MEDIUM",
    )


def _some(names: list[str]) -> str:
    return ", ".join(redact(name) for name in names[:_NAMED]) + (", …" if len(names) > _NAMED else "")


_DOING = Text(en="Listing the parts of the service", fr="Nomenclature du service")
_NOTHING_HERE = Text(
    en="no package of the file is for this machine", fr="aucun paquet du fichier ne concerne cette machine"
)
_NEVER = Text(en="the bill was not made", fr="la nomenclature n’a pas été établie")


def _unknown_licences(names: list[str]) -> Text:
    return Text(
        en=f"licences that are not known (not installed here in that version, or not stated): {_some(names)}",
        fr=f"licences inconnues (paquets non installés ici dans cette version, ou licence non indiquée)\u202f: "
        f"{_some(names)}",
    )
