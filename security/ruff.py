"""Python code read by ruff: its rules S are bandit's, its rules ASYNC find the call that holds everybody up."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scorecard.evidence import Severity, Text
from security.code_results import CodeResult
from security.code_rules import rule
from security.redaction import without_literals
from security.rules import Rule
from security.sweep import Report
from security.tool import Finished, Tool, crashed, garbage
from security.tree import Gap

PROGRAM = "ruff"
# No settings of the project, no ignore file, no mark: what is set aside is counted here, not hidden.
ARGUMENTS = (
    "check", "--isolated", "--no-cache", "--quiet", "--exit-zero", "--ignore-noqa", "--no-respect-gitignore",
    "--no-fix", "--select", "S,ASYNC", "--output-format", "json", "--target-version", "py314",
)  # fmt: skip
BLOCKING = "ASYNC"
_BLOCKING = Rule(
    Severity.LOW,
    "CWE-1088",
    "",
    "Await the asynchronous form of the call, or hand it to a thread (asyncio.to_thread): meanwhile nobody is served.",
)


def report(tool: Tool, finished: Finished) -> Report:
    """The report of a finished run, places relative to the folder it ran in.

    Raises:
        ToolError: ruff crashed, or its output is not a report.
    """
    if finished.exit_code != 0:
        raise crashed(tool, finished)
    try:
        return {"diagnostics": [_diagnostic(one) for one in json.loads(finished.stdout)]}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise garbage(tool, finished) from error


def unaudited(root: Path, batch: list[str], document: Report) -> Iterator[Gap]:
    """The files of ``batch``, in the folder ``root``, that ruff cannot parse."""
    broken = {_relative(one["file"], root) for one in document["diagnostics"] if one["code"] is None}
    return (Gap(file, _NOT_PYTHON) for file in batch if file in broken)


def results(root: Path, document: Report) -> Iterator[CodeResult]:
    """The results of a report over files in the folder ``root``."""
    texts: dict[str, list[str]] = {}
    for one in document["diagnostics"]:
        if one["code"] is None:
            continue
        file = _relative(one["file"], root)
        if file not in texts:
            texts[file] = (root / file).read_text(encoding="utf-8", errors="replace").splitlines()
        yield _result(file, one, " ".join(texts[file][one["first"] - 1 : one["last"]]))


def _diagnostic(one: dict[str, Any]) -> dict[str, Any]:
    code = one["code"]
    if code is not None and re.fullmatch(r"[A-Z]+\d+", code) is None:  # "invalid-syntax"
        code = None
    return {
        "code": code,
        "file": str(one["filename"]),
        "first": int(one["location"]["row"]),
        "last": int(one["end_location"]["row"]),
        "message": re.sub(r"`[^`]*`|\"[^\"]*\"", "…", str(one["message"])),
    }


def _result(file: str, one: dict[str, Any], code: str) -> CodeResult:
    blocking = one["code"].startswith(BLOCKING)
    name = one["code"] if blocking else re.sub("^S", "B", one["code"])
    return CodeResult(
        rule=name,
        names=(name,),
        file=file,
        line=one["first"],
        first=one["first"],
        last=one["last"],
        what=_BLOCKING if blocking else rule(name, tool_severity="", confidence="", cwe=None),
        trait=without_literals(code),
        message=f"{one['message']} ({one['code']})",
        tool_severity="",
        confidence="",
        tools=(PROGRAM,),
    )


def _relative(file: str, root: Path) -> str:
    return Path(file).relative_to(root).as_posix() if Path(file).is_relative_to(root) else posixpath.normpath(file)


_NOT_PYTHON = Text(en="ruff cannot parse it", fr="ruff ne peut pas l’analyser")
