"""Advisories asked of the online service through pip-audit, which resolves and installs nothing here.

pip-audit says "No known vulnerabilities found" also where the service has no data, and passes over lines whose marker
does not hold on this machine. So it is given a plain list of pins, is asked about a package known to be vulnerable as
well, and what it skips is read from its report.
"""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import Any

from scorecard.evidence import Text
from scorecard.site import Site
from security.advisories import CONTROL, Advisory, Audit, distinct
from security.requirements_file import Pin
from security.tool import Finished, Tool, ToolError, crashed, garbage, module, run, version

PIP_AUDIT = module("pip-audit", "pip_audit")
_LIST = "pins.txt"
_ARGUMENTS = (
    "--no-deps", "--disable-pip", "--format", "json", "--desc", "off", "--aliases", "on", "--progress-spinner", "off",
    "--timeout", "10", "--vulnerability-service", "pypi", "--cache-dir", "cache", "--requirement", _LIST,
)  # fmt: skip
_FOUND_OR_NOT = (0, 1)
_UNREACHABLE = re.compile(
    r"ConnectionError|ConnectTimeout|ReadTimeout|Max retries|ProxyError|SSLError|ServiceError|HTTPError|"
    r"blocking this service|Could not connect"
)


def audit(pins: set[Pin], site: Site, *, tool: Tool, timeout_s: float) -> Audit:
    """What the online service knows of ``pins``.

    Raises:
        ToolError: not installed, no network, too long, or no report.
    """
    known_version = version(tool)
    answers: dict[Pin, tuple[Advisory, ...]] = {}
    left = timeout_s
    rounds = _rounds(pins)
    for number, asked in enumerate(rounds):
        share = number / len(rounds)
        site.progress(_ASKING, share, None)
        finished = _ask(asked, tool, left, site, share)
        left = max(left - finished.duration_s, 0.0)
        answers |= _answers(tool, finished)
        if not answers.get(CONTROL):
            break  # its silence would clear nothing: it is not asked about the rest
    vulnerable = {pin: found for pin, found in sorted(answers.items()) if found and pin in pins}
    unaudited = tuple(sorted(pin.url for pin in pins - answers.keys()))
    return Audit(
        vulnerable=vulnerable,
        unaudited=unaudited,
        blind=not answers.get(CONTROL),
        gap=None if answers.get(CONTROL) else _KNOWS_NOTHING,
        age_days=0.0 if answers.get(CONTROL) else None,
        source="advisory service asked through pip-audit",
        tool=tool.name,
        version=known_version,
        command=(*tool.shown, *_ARGUMENTS),
        raw={
            "matches": {pin.url: [advisory.id for advisory in found] for pin, found in vulnerable.items()},
            "skipped": list(unaudited),
            "control": {CONTROL.url: [advisory.id for advisory in answers.get(CONTROL, ())]},
        },
    )


def _rounds(pins: set[Pin]) -> list[list[Pin]]:
    """The control by itself, then lists in which no name stands twice, as pip-audit asks for."""
    rounds: list[dict[str, Pin]] = []
    for pin in sorted(pins - {CONTROL}):
        for asked in rounds:
            if pin.name not in asked:
                asked[pin.name] = pin
                break
        else:
            rounds.append({pin.name: pin})
    return [[CONTROL], *(list(asked.values()) for asked in rounds)]


def _ask(asked: list[Pin], tool: Tool, timeout_s: float, site: Site, share: float) -> Finished:
    with tempfile.TemporaryDirectory(prefix="portance-") as folder:
        content = "".join(f"{pin.name}=={pin.version}\n" for pin in asked)
        (Path(folder) / _LIST).write_text(content, encoding="utf-8")
        finished = run(
            tool,
            _ARGUMENTS,
            cwd=Path(folder),
            timeout_s=timeout_s,
            tick=lambda: site.progress(_ASKING, share, None),
        )
    words = finished.stderr.decode("utf-8", "replace")
    if finished.exit_code not in _FOUND_OR_NOT or (finished.exit_code == 1 and not finished.stdout.strip()):
        raise ToolError(_NOT_REACHED) if _UNREACHABLE.search(words) else crashed(tool, finished)
    return finished


def _answers(tool: Tool, finished: Finished) -> dict[Pin, tuple[Advisory, ...]]:
    """What the service knows, package by package; one it was not able to look up is left out."""
    try:
        dependencies = json.loads(finished.stdout)["dependencies"]
        return {
            Pin(dependency["name"], dependency["version"]): distinct(_advisory(v) for v in dependency["vulns"])
            for dependency in dependencies
            if "skip_reason" not in dependency
        }
    except (ValueError, KeyError, TypeError) as error:
        raise garbage(tool, finished) from error


def _advisory(vulnerability: dict[str, Any]) -> Advisory:
    return Advisory(
        id=str(vulnerability["id"]),
        aliases=tuple(str(alias) for alias in vulnerability.get("aliases", ())),
        fixed=tuple(str(fixed) for fixed in vulnerability.get("fix_versions", ())),
        severity=None,
    )


_ASKING = Text(en="Asking for advisories", fr="Demande des avis de sécurité")
_NOT_REACHED = Text(
    en="The advisory service cannot be reached from here. Name a local copy of the advisories in portance.toml "
    "(security.advisories).",
    fr="Le service d’avis de sécurité est injoignable d’ici. Indiquer une copie locale des avis dans portance.toml "
    "(security.advisories).",
)
_KNOWS_NOTHING = Text(
    en="The advisory service reached from here has no advisory data and clears nothing, since it does not know of "
    f"{CONTROL.name} {CONTROL.version}, vulnerable since 2014. Name a local copy of the advisories in portance.toml "
    "(security.advisories).",
    fr="Le service d’avis joint d’ici n’a pas de données et n’innocente rien, puisqu’il ignore "
    f"{CONTROL.name} {CONTROL.version}, vulnérable depuis 2014. Indiquer une copie locale des avis dans portance.toml "
    "(security.advisories).",
)
