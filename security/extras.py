"""Scanners too large to be asked for: semgrep with own rules, checkov. Used where they are installed, else unknown.

No criterion asks for what they say: a service is not worse for a machine without them.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scorecard.evidence import Evidence, Provenance, Severity, Status, Text
from scorecard.site import Site
from security import sarif
from security.account import by_severity, facts_by_severity, found, handed_in
from security.containerfile import containerfiles
from security.observation import keep, no_key, unobserved
from security.rules import Hit, Rule
from security.sarif import SarifError
from security.sweep import Report, sweep
from security.tool import Finished, NotInstalledError, Tool, ToolError, crashed, garbage, scanner, shown, version
from security.tree import Tree, incomplete, joined, shown_from, source_folder, tree_of, walk

_QUIET = {"SEMGREP_SEND_METRICS": "off", "SEMGREP_ENABLE_VERSION_CHECK": "0", "BC_SKIP_MAPPING": "TRUE"}


@dataclass(frozen=True)
class Extra:
    """A scanner, what it reads, and how: ``read`` gives results with rule, message, file, line, severity and cwe."""

    name: str
    prefix: str
    arguments: tuple[str, ...]
    take: Callable[[Site], Tree | None]
    read: Callable[[Tool, Finished, Path], list[dict[str, Any]]]
    key: str
    doing: Text


def collect(extra: Extra, site: Site, *, tool: Tool | None = None, timeout_s: float = 120.0) -> Evidence:
    """Evidence of ``extra``: findings by severity, skipped where it is not installed or there is nothing to read."""
    facts = facts_by_severity(extra.prefix)
    started = datetime.now(UTC)
    try:
        tree = extra.take(site)
        if tree is None:
            reason = no_key(extra.key, f"{extra.name} used", f"{extra.name} soit utilisé")
            return unobserved(site, extra.name, Status.SKIPPED, reason, facts)
        tool = scanner(extra.name) if tool is None else tool
        known_version = version(tool)

        def report(tool: Tool, finished: Finished) -> Report:
            return {"results": extra.read(tool, finished, tree.root)}

        swept = sweep(
            site,
            tree,
            tool,
            extra.arguments,
            report,
            lambda _batch, _report: iter(()),
            doing=extra.doing,
            timeout_s=timeout_s,
            env=_QUIET,
        )
    except NotInstalledError as error:
        return unobserved(site, extra.name, Status.SKIPPED, error.text, facts)
    except ToolError as error:
        return unobserved(site, extra.name, Status.ERROR, error.text, facts)
    prefix = shown_from(site, tree.root)
    results = [one for report in swept.reports for one in report["results"]]
    seen = found(_hit(extra, one, prefix) for one in results)
    return handed_in(
        site,
        extra.name,
        by_severity(extra.prefix, seen, swept.read, swept.gap, f"{swept.read} files", "none"),
        seen,
        swept.gap,
        Provenance.since(
            started, tool=tool.name, version=known_version, command=(*tool.shown, *shown(extra.arguments))
        ),
        keep(site, extra.name, f"{extra.name}.json", results),
    )


def _python_files(site: Site) -> Tree | None:
    source = site.project.target.source
    if source is None:
        return None
    tree = walk(source_folder(site, source), lambda path: path.suffix == ".py", runs=site.run)
    if not tree.files:
        raise ToolError(incomplete(tree.gaps, 0) or _NOTHING)
    return tree


def _deployment_files(site: Site) -> Tree | None:
    manifests = site.project.target.manifests
    trees = [containerfiles(site)]
    if manifests is not None:
        path = site.path(manifests)
        trees.append(tree_of(path, lambda one: one.suffix in (".yaml", ".yml"), "target.manifests", runs=site.run))
    trees = [tree for tree in trees if tree.files]
    return joined(trees) if trees else None


def _of_semgrep(tool: Tool, finished: Finished, root: Path) -> list[dict[str, Any]]:
    if finished.exit_code not in (0, 1):
        raise crashed(tool, finished)
    try:
        return [
            {
                "rule": one.rule.rpartition(".")[2],
                "message": one.message,
                "file": posixpath.normpath(one.path),
                "line": one.line,
                "severity": one.severity.value,
                "cwe": CWE_OF_SEMGREP.get(one.rule.rpartition(".")[2], ""),
            }
            for one in sarif.read(finished.stdout, root=root)
        ]
    except SarifError as error:
        raise garbage(tool, finished) from error


def _of_checkov(tool: Tool, finished: Finished, root: Path) -> list[dict[str, Any]]:
    if finished.exit_code != 0:
        raise crashed(tool, finished)
    try:
        given = json.loads(finished.stdout)
        reports = given if isinstance(given, list) else [given]
        if not all("check_type" in report or "passed" in report for report in reports):  # the second: nothing to check
            raise ValueError("no report")
        if not any("check_type" in report for report in reports):
            raise ToolError(_NOTHING_CHECKED)
        return [
            {
                "rule": str(one["check_id"]),
                "message": str(one["check_name"]),
                "file": posixpath.normpath(str(one["file_path"]).lstrip("/")),
                "line": int(one["file_line_range"][0]),
                "severity": Severity.LOW.value,  # checkov gives none without a subscription
                "cwe": "",
            }
            for report in reports
            for one in report.get("results", {}).get("failed_checks", ())
        ]
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise garbage(tool, finished) from error


def _hit(extra: Extra, one: Mapping[str, Any], prefix: str) -> Hit:
    file = prefix + one["file"]
    return Hit(
        category=extra.name,
        rule=one["rule"],
        what=Rule(Severity(one["severity"]), one["cwe"], "", f"Fix what {extra.name} says of the place."),
        location=file if one["line"] is None else f"{file}:{one['line']}",
        place=file,
        trait=one["rule"],
        message=f"{one['message']} ({one['rule']})",
    )


CWE_OF_SEMGREP = {
    "visitor-value-as-path": "CWE-22",
    "visitor-value-as-address": "CWE-918",
    "token-not-verified": "CWE-347",
    "any-origin-with-credentials": "CWE-942",
}
_NOTHING_CHECKED = Text(
    en="checkov found nothing to check in the files it was given",
    fr="checkov n’a rien trouvé à vérifier dans les fichiers reçus",
)
_NOTHING = Text(en="no Python file: nothing was read", fr="aucun fichier Python : rien n’a été lu")

SEMGREP = Extra(
    name="semgrep",
    prefix="security.semgrep",
    arguments=(
        "scan", "--config", str(Path(__file__).with_name("semgrep.yaml")), "--sarif", "--quiet", "--metrics=off",
        "--disable-version-check", "--no-git-ignore", "--no-rewrite-rule-ids", "--disable-nosem",
    ),
    take=_python_files,
    read=_of_semgrep,
    key="target.source",
    doing=Text(en="Reading the code with semgrep", fr="Lecture du code par semgrep"),
)  # fmt: skip
CHECKOV = Extra(
    name="checkov",
    prefix="security.checkov",
    arguments=(
        "--framework", "dockerfile", "kubernetes", "--output", "json", "--quiet", "--compact", "--skip-download",
        "--soft-fail", "--file",
    ),
    take=_deployment_files,
    read=_of_checkov,
    key="target.containerfile",
    doing=Text(en="Reading the deployment with checkov", fr="Lecture du déploiement par checkov"),
)  # fmt: skip
