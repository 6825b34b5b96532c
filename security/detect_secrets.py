"""Lines that look like a secret, told by detect-secrets without asking their makers whether they are valid.

Neither a secret nor a digest of one is kept: a digest of a weak password gives it away to a dictionary.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator, Mapping
from os import sched_getaffinity

from scorecard.evidence import Severity, Suppression, Text
from security.alphabets import is_alphabet
from security.environment_secrets import TYPE
from security.placeholders import is_placeholder
from security.rules import Hit, Rule
from security.sweep import Report
from security.tool import Finished, Tool, crashed, garbage, module
from security.tree import Gap

DETECT_SECRETS = module("detect-secrets", "detect_secrets")
# Extensions that detect-secrets 1.5 leaves out by itself.
LEFT_OUT = frozenset(
    {
        ".7z", ".bin", ".bmp", ".bz2", ".class", ".css", ".dmg", ".doc", ".eot", ".exe", ".gif", ".gz", ".ico", ".iml",
        ".ipr", ".iws", ".jar", ".jpg", ".jpeg", ".lock", ".map", ".mo", ".pdf", ".png", ".prefs", ".psd", ".rar",
        ".realm", ".s7z", ".sum", ".svg", ".tar", ".tif", ".tiff", ".ttf", ".webp", ".woff", ".xls", ".xlsx", ".zip",
    }
)  # fmt: skip
ARGUMENTS = (
    "--cores",
    str(min(len(sched_getaffinity(0)), 4)),
    "scan",
    "--no-verify",
    "--disable-plugin",
    "IPPublicDetector",  # an address is not a secret
    "--filter",
    f"{is_alphabet.__module__}.{is_alphabet.__name__}",
    "--filter",
    f"{is_placeholder.__module__}.{is_placeholder.__name__}",
    "--disable-filter",
    "detect_secrets.filters.allowlist.is_line_allowlisted",  # marks are listed here, not hidden
    "--disable-filter",
    "detect_secrets.filters.heuristic.is_swagger_file",  # it would pass over any path that holds "swagger"
    "--exclude-lines",
    r"^\s*--hash=sha(256|384|512):[0-9a-f]+",
)
# The mark of detect-secrets, and those of ruff and bandit for "this is not a password".
MARK = re.compile(
    r"pragma: ?(?:allow|white)list(?P<next>[ -]nextline)?[ -]secret"
    r"|#\s*(?:noqa|nosec):[^#(]*\b[SB]10[567]\b"
)
MARKED = Suppression(reason="marked in the source as no secret", owner="author of the line")

_REMEDY = "Take it from the environment or a vault, and change it: what was committed is known."
_TOKEN = Rule(Severity.CRITICAL, "CWE-798", "v5.0.0-13.3.1", _REMEDY)
_NAMED = Rule(Severity.HIGH, "CWE-798", "v5.0.0-13.3.1", _REMEDY)
_RANDOM = Rule(
    Severity.MEDIUM,
    "CWE-798",
    "v5.0.0-13.3.1",
    "If it opens anything, take it from the environment or a vault and change it; else mark the line as no secret.",
)
_GUESSED: dict[str, Rule] = {
    "Secret Keyword": _NAMED,
    TYPE: _NAMED,
    "Basic Auth Credentials": _NAMED,
    "JSON Web Token": _NAMED,
    "Base64 High Entropy String": _RANDOM,
    "Hex High Entropy String": _RANDOM,
}


def report(tool: Tool, finished: Finished) -> Report:
    """The places named in the output of a finished run.

    Raises:
        ToolError: detect-secrets crashed, searched for nothing, or its output is not a report.
    """
    if finished.exit_code != 0:
        raise crashed(tool, finished)
    try:
        document = json.loads(finished.stdout)
        if not document["plugins_used"]:
            raise ValueError("it searched for nothing")
        hits = [
            {"file": posixpath.normpath(name), "line": int(secret["line_number"]), "type": str(secret["type"])}
            for name, secrets in document["results"].items()
            for secret in secrets
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise garbage(tool, finished) from error
    unopened = re.findall(r"Unable to open file: (.+)", finished.stderr.decode("utf-8", "replace"))
    return {"hits": hits, "unopened": [posixpath.normpath(name) for name in unopened]}


def unread(batch: list[str], document: Report) -> Iterator[Gap]:
    """The files of ``batch`` that could not be opened."""
    return (Gap(file, _UNOPENED) for file in batch if file in document["unopened"])


def hit(file: str, line: int, types: set[str]) -> Hit:
    """The hit for a line that holds secrets of ``types``, the worst of them named first."""
    known = sorted(types, key=lambda kind: (list(Severity).index(_rule(kind).severity), kind))
    return Hit(
        category="secrets",
        rule=re.sub(r"\W+", "-", known[0].lower()),
        what=_rule(known[0]),
        location=f"{file}:{line}",
        place=file,
        trait=known[0],
        message=f"The line looks like it holds a secret ({', '.join(known)}).",
        confidence="LOW" if _rule(known[0]) is _RANDOM else "MEDIUM" if known[0] in _GUESSED else "HIGH",
    )


def _rule(kind: str) -> Rule:
    """What a type of detect-secrets means: those not guessed at are the formats of well-known makers."""
    return _GUESSED.get(kind, _TOKEN)


def marked_lines(lines: Mapping[int, str]) -> set[int]:
    """Numbers of the lines that a mark in them, or in the one before, says hold no secret."""
    found = ((number, MARK.search(line)) for number, line in lines.items())
    return {number + 1 if match["next"] else number for number, match in found if match is not None}


_UNOPENED = Text(en="the tool could not open it", fr="l’outil n’a pas pu l’ouvrir")
