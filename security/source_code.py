"""Python code read by bandit.

Every Python file of ``target.source`` is handed to bandit by name, so that neither its substring exclusions nor a
``.bandit`` file of the project can leave one out unseen. Tests are left out on purpose (folders ``tests`` and ``test``,
``test_*.py``, ``*_test.py``, ``conftest.py``): assertions and made-up passwords are their trade. ``# nosec``
and ``# noqa: S…`` marks are counted and listed, not hidden.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from scorecard.evidence import Evidence, Fact, Finding, Provenance, Severity, Status, Suppression, Text, Unit
from scorecard.project import Site
from security.code_rules import rule
from security.observation import COLLECTOR, count, keep, no_key, unobserved
from security.redaction import without_literals
from security.rules import Hit, findings
from security.sweep import Report, sweep
from security.tool import Finished, Tool, ToolError, crashed, garbage, module, version
from security.tree import Gap, Tree, incomplete, named, shown_from, source_folder, walk

NAME = "code"
BANDIT = module("bandit", "bandit")
TIMEOUT_S = 120.0
FACTS = {
    "security.code_high": Unit.COUNT,
    "security.code_medium": Unit.COUNT,
    "security.code_low": Unit.COUNT,
    "security.code_suppressed": Unit.COUNT,
    "security.code_files": Unit.COUNT,
}
_ARGUMENTS = ("--quiet", "--format", "json", "--number", "1", "--exclude", "", "--ignore-nosec")
_FOUND_OR_NOT = (0, 1)
# The mark of bandit, and that of ruff where it names the rule (Snnn is Bnnn).
_NOSEC = re.compile(r"#\s*nosec\b:?\s*(?P<rules>[^#]*)")
_NOQA = re.compile(r"#\s*noqa:\s*(?P<rules>[^#(]*\bS\d{3}\b[^#(]*)")


def collect(site: Site, *, tool: Tool = BANDIT, timeout_s: float = TIMEOUT_S) -> Evidence:
    """Evidence ``code``: findings of bandit by severity, over every Python file of ``target.source`` but tests.

    The counts are unknown, or lower bounds, as soon as one file was not audited.
    """
    source = site.project.target.source
    if source is None:
        reason = no_key("target.source", "the source code audited", "le code source soit audité")
        return unobserved(site, NAME, Status.SKIPPED, reason, FACTS)
    started = datetime.now(UTC)
    try:
        tree = _python_files(site, source)
        known_version = version(tool)
        reports, gaps = sweep(
            site, tree, tool, _ARGUMENTS, _report, _unaudited, doing=_READING_THE_CODE, timeout_s=timeout_s
        )
    except ToolError as error:
        return unobserved(site, NAME, Status.ERROR, error.text, FACTS)
    provenance = Provenance.since(
        started, tool=tool.name, version=known_version, command=(*tool.shown, *_ARGUMENTS, f"{named(source)}/**/*.py")
    )
    return _evidence(site, tree, reports, gaps, provenance)


def _python_files(site: Site, source: str) -> Tree:
    root = source_folder(site, source)
    tree = walk(root, lambda path: path.suffix in (".py", ".pyw") and not _is_test(path), enter=_enter, runs=site.run)
    if not tree.files:
        raise ToolError(incomplete(tree.gaps, 0) or _no_python(named(source)))
    return tree


def _report(tool: Tool, finished: Finished) -> Report:
    if finished.exit_code not in _FOUND_OR_NOT:
        raise crashed(tool, finished)
    try:
        report = json.loads(finished.stdout)
        results, errors, metrics = report["results"], report["errors"], report["metrics"]
        well_formed = isinstance(results, list) and isinstance(errors, list) and isinstance(metrics, dict)
        if not well_formed or not all(_is_result(result) for result in results):
            raise TypeError("fields of another type")
        return {
            "results": [result | {"filename": _plain(result["filename"])} for result in results],
            "errors": {_plain(error["filename"]): str(error["reason"]) for error in errors},
            "files": sorted(_plain(name) for name in metrics if name != "_totals"),
        }
    except (ValueError, KeyError, TypeError) as error:
        raise garbage(tool, finished) from error


def _is_result(result: Any) -> bool:
    return (
        isinstance(result, dict)
        and isinstance(result["line_number"], int)
        and all(isinstance(line, int) for line in result["line_range"])
        and isinstance(result.get("issue_cwe", {}), dict)
        and all(isinstance(result[key], str) for key in ("filename", "test_id", "test_name", "issue_severity", "code"))
    )


def _unaudited(batch: list[str], report: Report) -> Iterator[Gap]:
    audited = set(report["files"])
    for file in batch:
        if file in report["errors"]:
            yield Gap(file, _bandit_says(report["errors"][file]))
        elif file not in audited:
            yield Gap(file, _BANDIT_LEFT_IT_OUT)


def _evidence(site: Site, tree: Tree, reports: list[Report], gaps: list[Gap], provenance: Provenance) -> Evidence:
    audited = len(tree.files) + len(tree.gaps) - len(gaps)
    results = [result for report in reports for result in report["results"]]
    marks = {name: _marked_lines(tree.root / name) for name in {result["filename"] for result in results}}
    prefix = shown_from(site, tree.root)
    open_findings = findings(_hit(result, prefix) for result in results if not _marked(result, marks))
    suppressed = findings(_hit(result, prefix) for result in results if _marked(result, marks))
    gap = incomplete(gaps, audited)
    left_out = f"{audited} files; left out: tests, {', '.join(tree.excluded[:8]) or 'no other folder'}"
    return Evidence(
        name=NAME,
        collector=COLLECTOR,
        project=site.project.project.name,
        status=Status.COMPLETED if gap is None else Status.DEGRADED,
        reason=gap,
        provenance=provenance,
        facts=(
            count("security.code_high", _number(open_findings, Severity.HIGH, Severity.CRITICAL), gap, left_out),
            count("security.code_medium", _number(open_findings, Severity.MEDIUM), gap, left_out),
            count("security.code_low", _number(open_findings, Severity.LOW), gap, left_out),
            count("security.code_suppressed", len(suppressed), gap, "marked # nosec or # noqa: S… in the source"),
            Fact(id="security.code_files", value=audited, unit=Unit.COUNT),
        ),
        findings=(
            *open_findings,
            *(finding.model_copy(update={"suppression": _MARKED}) for finding in suppressed),
        ),
        raw=keep(site, NAME, "bandit.json", [_redacted(report) for report in reports]),
    )


def _hit(result: dict[str, Any], prefix: str) -> Hit:
    code, confidence = result["test_id"], str(result.get("issue_confidence", ""))
    file = prefix + result["filename"]
    return Hit(
        category="code",
        rule=code,
        what=rule(
            code,
            tool_severity=result["issue_severity"],
            confidence=confidence,
            cwe=result.get("issue_cwe", {}).get("id"),
        ),
        location=f"{file}:{result['line_number']}",
        place=file,
        trait=without_literals(re.sub(r"(?m)^\d+ ", "", result["code"])),
        message=_message(result),
        tool_severity=result["issue_severity"],
        confidence=confidence,
    )


def _message(result: dict[str, Any]) -> str:
    """bandit's sentence without what it quotes from the code, which may be a password."""
    said = re.sub(r"(['\"]).*\1", "…", str(result.get("issue_text", "")), flags=re.DOTALL)
    return f"{said.strip()} ({result['test_name']})"


def _redacted(report: Report) -> Report:
    kept = ("test_id", "test_name", "filename", "line_number", "line_range", "issue_severity", "issue_confidence")
    results = [
        {key: result.get(key) for key in kept} | {"issue_text": _message(result)} for result in report["results"]
    ]
    return report | {"results": results}


def _marked_lines(path: Path) -> dict[int, str]:
    """Lines marked as looked at, and the rules each mark names (none for all)."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    marks: dict[int, str] = {}
    for number, line in enumerate(lines, start=1):
        if (nosec := _NOSEC.search(line)) is not None:
            marks[number] = nosec["rules"]
        elif (noqa := _NOQA.search(line)) is not None:
            marks[number] = re.sub(r"\bS(?=\d{3}\b)", "B", noqa["rules"])
    return marks


def _marked(result: dict[str, Any], marks: dict[str, dict[int, str]]) -> bool:
    in_file = marks[result["filename"]]
    for line in {result["line_number"], *result["line_range"]} & in_file.keys():
        named = re.findall(r"\bB\d{3}\b|\b[a-z]+(?:_[a-z0-9]+)+\b", in_file[line])
        if not named or result["test_id"] in named or result["test_name"] in named:
            return True
    return False


def _number(found: tuple[Finding, ...], *severities: Severity) -> int:
    return sum(finding.severity in severities for finding in found)


def _enter(folder: PurePosixPath) -> bool:
    return folder.name not in ("tests", "test")


def _is_test(path: PurePosixPath) -> bool:
    return path.name == "conftest.py" or path.stem.startswith("test_") or path.stem.endswith("_test")


def _plain(name: str) -> str:
    return posixpath.normpath(name)


_READING_THE_CODE = Text(en="Reading the code", fr="Lecture du code")
_MARKED = Suppression(reason="marked # nosec or # noqa in the source", owner="author of the line")
_BANDIT_LEFT_IT_OUT = Text(en="bandit did not account for it", fr="bandit n'en a pas rendu compte")


def _bandit_says(reason: str) -> Text:
    if "syntax error" in reason:
        return Text(
            en="not valid Python, or not in the encoding it declares",
            fr="pas du Python valide, ou pas dans l'encodage annoncé",
        )
    return Text(en=f"bandit says: {reason}", fr=f"bandit dit : {reason}")


def _no_python(source: str) -> Text:
    return Text(
        en=f"no Python file in {source!r} (tests and virtual environments are left out): nothing was audited",
        fr=f"aucun fichier Python dans {source!r} (hors tests et environnements virtuels) : rien n'a été audité",
    )
