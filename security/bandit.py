"""Python code read by bandit.

Every file is handed to bandit by name, so that neither its substring exclusions nor a ``.bandit`` file of the project
can leave one out unseen; marks in the source are left to whoever counts the results.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator
from typing import Any

from scorecard.evidence import Text
from security.code_results import CodeResult
from security.code_rules import rule
from security.redaction import without_literals
from security.sweep import Report
from security.tool import Finished, Tool, crashed, garbage, module
from security.tree import Gap

BANDIT = module("bandit", "bandit")
ARGUMENTS = ("--quiet", "--format", "json", "--number", "1", "--exclude", "", "--ignore-nosec")
_FOUND_OR_NOT = (0, 1)


def report(tool: Tool, finished: Finished) -> Report:
    """The report of a finished run.

    Raises:
        ToolError: bandit crashed, or its output is not a report.
    """
    if finished.exit_code not in _FOUND_OR_NOT:
        raise crashed(tool, finished)
    try:
        document = json.loads(finished.stdout)
        results, errors, metrics = document["results"], document["errors"], document["metrics"]
        well_formed = isinstance(results, list) and isinstance(errors, list) and isinstance(metrics, dict)
        if not well_formed or not all(_is_result(result) for result in results):
            raise TypeError("fields of another type")
        return {
            "results": [_result(result) for result in results],
            "errors": {_plain(error["filename"]): str(error["reason"]) for error in errors},
            "files": sorted(_plain(name) for name in metrics if name != "_totals"),
        }
    except (ValueError, KeyError, TypeError) as error:
        raise garbage(tool, finished) from error


def unaudited(batch: list[str], document: Report) -> Iterator[Gap]:
    """The files of ``batch`` that the report leaves out."""
    audited = set(document["files"])
    for file in batch:
        if file in document["errors"]:
            yield Gap(file, _bandit_says(document["errors"][file]))
        elif file not in audited:
            yield Gap(file, _BANDIT_LEFT_IT_OUT)


def _is_result(result: Any) -> bool:
    return (
        isinstance(result, dict)
        and isinstance(result["line_number"], int)
        and all(isinstance(line, int) for line in result["line_range"])
        and isinstance(result.get("issue_cwe", {}), dict)
        and all(isinstance(result[key], str) for key in ("filename", "test_id", "test_name", "issue_severity", "code"))
    )


def _result(result: dict[str, Any]) -> CodeResult:
    code, confidence = result["test_id"], str(result.get("issue_confidence", ""))
    lines = [result["line_number"], *result["line_range"]]
    return CodeResult(
        rule=code,
        names=(code, result["test_name"]),
        file=_plain(result["filename"]),
        line=result["line_number"],
        first=min(lines),
        last=max(lines),
        what=rule(
            code,
            tool_severity=result["issue_severity"],
            confidence=confidence,
            cwe=result.get("issue_cwe", {}).get("id"),
        ),
        trait=without_literals(re.sub(r"(?m)^\d+ ", "", result["code"])),
        message=_message(result),
        tool_severity=result["issue_severity"],
        confidence=confidence,
        tools=("bandit",),
    )


def _message(result: dict[str, Any]) -> str:
    """bandit's sentence without what it quotes from the code, which may be a password."""
    said = re.sub(r"(['\"]).*\1", "…", str(result.get("issue_text", "")), flags=re.DOTALL)
    return f"{said.strip()} ({result['test_name']})"


def _plain(name: str) -> str:
    return posixpath.normpath(name)


_BANDIT_LEFT_IT_OUT = Text(en="bandit did not account for it", fr="bandit n’en a pas rendu compte")


def _bandit_says(reason: str) -> Text:
    if "syntax error" in reason:
        return Text(
            en="not valid Python, or not in the encoding it declares",
            fr="pas du Python valide, ou pas dans l’encodage annoncé",
        )
    return Text(en=f"bandit says: {reason}", fr=f"bandit dit : {reason}")
