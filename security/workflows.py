"""Workflows of GitHub read by zizmor, without a network: what a stranger's change could make them do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from importlib import metadata
from pathlib import Path

from scorecard.evidence import Evidence, Provenance, Severity, Status, Text
from scorecard.site import Site
from security.account import Found, by_severity, handed_in
from security.linting import Linter, lint
from security.observation import no_key, unobserved
from security.rules import Rule
from security.sarif import Result
from security.tool import Tool, ToolError
from security.tree import Tree, incomplete, tree_of

NAME = "workflows"
_KEY = "target.workflows"
_USUAL = ".github/workflows"
# Where the build is written for the forges and servers that no scanner here reads.
_OTHER_FORGES = (
    ".gitlab-ci.yml", "Jenkinsfile", ".circleci", ".forgejo/workflows", ".gitea/workflows", ".woodpecker",
    ".woodpecker.yml", ".drone.yml", ".travis.yml", "azure-pipelines.yml", "bitbucket-pipelines.yml",
)  # fmt: skip
_SEVERITIES = {"High": Severity.HIGH, "Medium": Severity.MEDIUM, "Low": Severity.LOW, "Informational": Severity.LOW}
# Weakness and remedy; the severity is that of zizmor, which knows the context of each result.
_MEANING: Mapping[str, tuple[str, str]] = {
    "artipacked": ("CWE-522", "Set persist-credentials: false where the repository is checked out."),
    "cache-poisoning": ("CWE-349", "Use no cache where something is released."),
    "dangerous-triggers": ("CWE-829", "Use pull_request, or run nothing that a pull request brings along."),
    "excessive-permissions": ("CWE-250", "Set permissions: {} for the workflow, and what a job needs on the job."),
    "hardcoded-container-credentials": ("CWE-798", "Take the password from the secrets of the repository; change it."),
    "impostor-commit": ("CWE-829", "Name a commit that belongs to the action's own repository."),
    "known-vulnerable-actions": ("CWE-1395", "Take the fixed version of the action."),
    "secrets-inherit": ("CWE-522", "Hand over by name the secrets that the called workflow needs."),
    "template-injection": ("CWE-94", "Hand the value over by env: and use it as a quoted variable of the shell."),
    "unpinned-images": ("CWE-1357", "Name the image by its digest."),
    "unpinned-uses": ("CWE-1357", "Name the action by the full hash of a commit."),
}
_MARK = re.compile(r"#\s*zizmor:\s*ignore\[(?P<rules>[^\]]*)\]")


def collect(site: Site, *, tool: Tool | None = None, timeout_s: float = 60.0) -> Evidence:
    """Evidence ``workflows``: findings by severity in the workflows of ``target.workflows``.

    Where the key is not given they are looked for in ``.github/workflows``, beside the project file and at the top of
    its repository. A repository that holds no workflow, of GitHub or of another forge, has no weak one: that is known,
    and said. How those of other forges build is not read, and unknown.
    """
    key = site.project.target.workflows
    if key is not None:
        return lint(site, LINTER, lambda: _files(site.path(key), site), tool=tool, timeout_s=timeout_s)
    root = site.root.resolve()
    top = next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), None)
    for folder in (root, *([] if top is None else [top])):
        if (folder / _USUAL).is_dir():
            return lint(site, LINTER, partial(_files, folder / _USUAL, site), tool=tool, timeout_s=timeout_s)
    if top is None:
        reason = no_key(_KEY, "GitHub workflows audited", "les workflows GitHub soient audités")
        return unobserved(site, NAME, Status.SKIPPED, reason, LINTER.facts)
    elsewhere = next((name for name in _OTHER_FORGES for folder in (root, top) if (folder / name).exists()), None)
    if elsewhere is not None:
        return unobserved(site, NAME, Status.SKIPPED, _not_read(elsewhere), LINTER.facts)
    return handed_in(
        site,
        NAME,
        by_severity(LINTER.prefix, Found((), ()), 0, None, "the repository has no GitHub workflow", LINTER.marks),
        Found((), ()),
        None,
        Provenance.since(datetime.now(UTC), tool="portance", version=metadata.version("portance")),
        {},
    )


def _files(path: Path, site: Site) -> Tree:
    tree = tree_of(path, lambda path: path.suffix in (".yml", ".yaml"), _KEY, runs=site.run)
    if not tree.files:
        raise ToolError(incomplete(tree.gaps, 0) or _NONE_THERE)
    return tree


def _rule(result: Result) -> Rule:
    name = result.rule.removeprefix("zizmor/")
    said = result.properties.get("zizmor/severity")
    severity = _SEVERITIES.get(said, result.severity) if isinstance(said, str) else result.severity
    cwe, remedy = _MEANING.get(name, ("", "Fix what zizmor says of the line, or mark it with the reason."))
    return Rule(severity, cwe, "", remedy)


def _marked(lines: Mapping[int, str], result: Result) -> bool:
    if result.line is None:
        return False
    here = range(result.line, (result.end or result.line) + 1)
    named = {
        name.strip()
        for line in here
        for mark in _MARK.finditer(lines.get(line, ""))
        for name in mark["rules"].split(",")
    }
    return result.rule.removeprefix("zizmor/") in named


def _not_read(name: str) -> Text:
    return Text(
        en=f"the build is written in {name}, which no scanner here reads: what a stranger could change is unknown",
        fr=f"la construction est décrite dans {name}, qu’aucun outil ne lit ici\u202f: on ignore ce qu’un inconnu "
        "pourrait y modifier",
    )


_NONE_THERE = Text(
    en="no workflow where target.workflows points: nothing was audited",
    fr="aucun workflow là où mène target.workflows : rien n’a été audité",
)

LINTER = Linter(
    name=NAME,
    prefix="security.workflows",
    program="zizmor",
    package="zizmor",
    # Settings and ignore files of the project would hide what is listed here; marks are listed too, not hidden.
    arguments=(
        "--offline", "--no-progress", "--quiet", "--no-config", "--no-ignores", "--no-exit-codes", "--collect", "all",
        "--strict-collection", "--format", "sarif",
    ),
    doing=Text(en="Reading workflows", fr="Lecture des workflows"),
    rule=_rule,
    marked=_marked,
    marks="# zizmor: ignore[…]",
    env={"RUST_BACKTRACE": "0"},
)  # fmt: skip
