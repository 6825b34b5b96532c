"""SARIF 2.1.0 of any tool, read with the levels that the standard gives where a tool leaves them out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from scorecard.evidence import Severity
from security import SecurityError
from security.cvss import band


class SarifError(SecurityError):
    """A document is not SARIF 2.1.0; the message is one line."""


class Level(StrEnum):
    """Level of a result in SARIF."""

    NONE = "none"
    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Result:
    """One result of a tool.

    Attributes:
        level: that of the result, of the run's configuration, of the rule, or "warning", in this order.
        path: where it is, relative to the root given when it lies there; empty when the tool names no file.
        line: first line, None when the tool gives none; ``end`` the last, the first when it gives none.
        score: the tool's own number on the CVSS scale (``security-severity``), None when it gives none.
        suppressed: whether the tool says that somebody accepted it.
        properties: those of the result over those of its rule.
    """

    tool: str
    rule: str
    level: Level
    message: str
    path: str
    line: int | None
    end: int | None
    score: float | None
    suppressed: bool
    properties: Mapping[str, Any]

    @property
    def severity(self) -> Severity:
        """On CVSS bands: by the tool's own number where it gives one, else error high, warning medium, note low."""
        if self.level is Level.NONE:
            return Severity.NONE
        if self.score is not None:
            return band(self.score)
        return {Level.ERROR: Severity.HIGH, Level.WARNING: Severity.MEDIUM, Level.NOTE: Severity.LOW}[self.level]


def read(content: bytes, *, root: Path | None = None) -> tuple[Result, ...]:
    """Every result of the SARIF document ``content``; absolute paths below ``root`` become relative to it.

    Raises:
        SarifError: it is not JSON, not SARIF 2.1, or one of its runs says that it was not successful.
    """
    try:
        document = json.loads(content)
    except ValueError as error:
        raise SarifError(f"not JSON: {error}") from error
    version = document.get("version") if isinstance(document, dict) else None
    if not isinstance(version, str) or not version.startswith("2.1"):
        raise SarifError(f"not SARIF 2.1.0: version is {version!r}")
    try:
        return tuple(result for run in document["runs"] for result in _of_run(run, root))
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise SarifError(f"not SARIF 2.1.0: {type(error).__name__} {error}") from error


def _of_run(run: dict[str, Any], root: Path | None) -> Iterator[Result]:
    invocations = run.get("invocations", [])
    if any(invocation.get("executionSuccessful") is False for invocation in invocations):
        raise SarifError("the tool says that its run was not successful")
    configured = {
        override["descriptor"].get("id"): override["configuration"]["level"]
        for invocation in invocations
        for override in invocation.get("ruleConfigurationOverrides", [])
        if "level" in override.get("configuration", {})
    }
    for result in run["results"]:
        rule = _rule(run, result)
        identifier = str(result.get("ruleId") or result.get("rule", {}).get("id") or rule.get("id", ""))
        properties = {**rule.get("properties", {}), **result.get("properties", {})}
        path, line, end = _place(run, result, root)
        yield Result(
            tool=str(run["tool"]["driver"]["name"]),
            rule=identifier,
            level=_level(result, rule, configured.get(identifier)),
            message=_message(result, rule),
            path=path,
            line=line,
            end=end,
            score=_score(properties),
            suppressed=any(s.get("status", "accepted") == "accepted" for s in result.get("suppressions") or []),
            properties=properties,
        )


def _rule(run: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
    """What the tool says of the rule of ``result``: by its index, else by its id, of a part of it before a slash."""
    reference = result.get("rule", {})
    component = run["tool"]["driver"]
    if (extension := reference.get("toolComponent", {}).get("index", -1)) >= 0:
        component = run["tool"]["extensions"][extension]
    rules = component.get("rules", [])
    index = result.get("ruleIndex", reference.get("index", -1))
    if index >= 0:
        at_index: dict[str, Any] = rules[index]
        return at_index
    identifier = str(result.get("ruleId") or reference.get("id", ""))
    by_id: dict[str, dict[str, Any]] = {rule.get("id"): rule for rule in rules}
    while identifier and identifier not in by_id and "/" in identifier:
        identifier = identifier.rpartition("/")[0]
    return by_id.get(identifier, {})


def _level(result: dict[str, Any], rule: dict[str, Any], configured: str | None) -> Level:
    """SARIF 2.1.0, 3.27.10."""
    if result.get("kind", "fail") != "fail":
        return Level.NONE
    for level in (result.get("level"), configured, rule.get("defaultConfiguration", {}).get("level")):
        if level is not None:
            return Level(level)
    return Level.WARNING


def _message(result: dict[str, Any], rule: dict[str, Any]) -> str:
    message = result.get("message", {})
    if "text" in message:
        return str(message["text"])
    text = rule.get("messageStrings", {}).get(message.get("id"), {}).get("text")
    if text is None:
        text = rule.get("shortDescription", {}).get("text", "")
    for number, argument in enumerate(message.get("arguments", [])):
        text = text.replace(f"{{{number}}}", str(argument))
    return str(text)


def _place(run: dict[str, Any], result: dict[str, Any], root: Path | None) -> tuple[str, int | None, int | None]:
    locations = result.get("locations") or [{}]
    physical = locations[0].get("physicalLocation", {})
    artifact = physical.get("artifactLocation", {})
    if "uri" not in artifact and (index := artifact.get("index", -1)) >= 0:
        artifact = run["artifacts"][index].get("location", {})
    region = physical.get("region", {})
    lines = [line for line in (region.get("startLine"), region.get("endLine")) if isinstance(line, int)]
    first, last = (lines[0], lines[-1]) if lines else (None, None)
    return _path(str(artifact.get("uri", "")), root), first, last


def _path(uri: str, root: Path | None) -> str:
    parts = urlsplit(uri)
    if parts.scheme not in ("", "file"):
        return uri
    path = unquote(parts.path).removeprefix("./")
    if root is not None and path.startswith("/") and Path(path).is_relative_to(root):
        return Path(path).relative_to(root).as_posix()
    return path


def _score(properties: Mapping[str, Any]) -> float | None:
    try:
        score = float(properties["security-severity"])
    except (KeyError, TypeError, ValueError):
        return None
    return score if 0.0 <= score <= 10.0 else None
