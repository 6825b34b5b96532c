"""What schemathesis writes as it goes (newline-delimited JSON), read into failures by operation."""

from __future__ import annotations

import base64
import binascii
import json
import shlex
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from scorecard.evidence import Text
from security import SecurityError

CHECKS = {
    "not_a_server_error": "server-error",
    "status_code_conformance": "undocumented-status",
    "ignored_auth": "ignored-authentication",
    "object_level_authorization": "object-level-access",
}
"""The checks asked for, and what a failure of each is called here."""
SHOWN_BODY = 300
_THOUGHT_OF = (501, 503)
"""A method that is not implemented, and "come back later": answers that were thought of (RFC 9110, 15.6)."""


class NotAReportError(SecurityError):
    """The file is not what schemathesis writes, or it could not read the OpenAPI document; one line says why."""


@dataclass(frozen=True)
class Failure:
    """A check that an answer failed: of which operation (``METHOD /route``), the request and the status."""

    rule: str
    operation: str
    status: int | None
    said: str
    request: str


@dataclass
class ApiReport:
    """What a run showed. ``selected`` operations were to be asked; ``answers`` counts them by status.

    ``stopped`` says why the run did not go to its end.
    """

    selected: int = 0
    failures: list[Failure] = field(default_factory=list)
    answers: dict[str, Counter[int]] = field(default_factory=dict)
    identities: set[str] = field(default_factory=set)
    ended: bool = False
    stopped: Text | None = None

    @property
    def let_in(self) -> int:
        """Operations that answered somebody with something else than a question for their name."""
        return sum(any(status not in (401, 403) for status in seen) for seen in self.answers.values())


def read(lines: Iterable[str]) -> ApiReport:
    """The report in ``lines``.

    Raises:
        NotAReportError: a line is no event of schemathesis, or it says that the document cannot be read.
    """
    report = ApiReport()
    labels: set[str] = set()
    for line in lines:
        try:
            ((kind, event),) = json.loads(line).items()
            match kind:
                case "LoadingFinished":
                    report.selected = int(event["statistic"]["operations"]["selected"])
                case "ScenarioFinished":
                    labels.add(str(event["recorder"]["label"]))
                    _scenario(report, event["recorder"])
                case "FatalError":
                    raise NotAReportError(str(event["exception"]["message"]).splitlines()[0])
                case "EngineFinished":
                    report.ended = True
        except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
            raise NotAReportError(f"a line is no event ({type(error).__name__})") from error
    # methods that the document does not name are tried too, and are no operations of it
    report.answers = {operation: seen for operation, seen in report.answers.items() if operation in labels}
    return report


def _scenario(report: ApiReport, recorder: Mapping[str, Any]) -> None:
    # what has no case was skipped
    cases, exchanges = recorder.get("cases", {}), recorder.get("interactions", {})
    for name, exchange in exchanges.items():
        case = cases[name]["value"]
        identity = case.get("auth_identity")
        if identity is not None:
            report.identities.add(str(identity))
        status = _status(exchange)
        if status is not None and (case.get("meta") or {}).get("phase", {}).get("name") is not None:
            report.answers.setdefault(f"{case['method']} {case['path']}", Counter())[status] += 1
    for name, checks in recorder.get("checks", {}).items():
        for check in checks:
            rule = CHECKS.get(check["name"])
            if rule is None or check["status"] == "success":
                continue
            _failed(report, rule, check, exchanges.get(name), cases[name]["value"])


def _failed(
    report: ApiReport,
    rule: str,
    check: Mapping[str, Any],
    exchange: Mapping[str, Any] | None,
    case: Mapping[str, Any],
) -> None:
    failure = check["failure_info"]["failure"]
    status = None if exchange is None else _status(exchange)
    if rule == "server-error" and status in _THOUGHT_OF:
        return
    operation = str(failure.get("operation") or f"{case['method']} {case['path']}")
    said = " ".join(str(failure["message"]).split())[:200]
    report.failures.append(Failure(rule, operation, status, said, "" if exchange is None else _curl(exchange, case)))


def _status(exchange: Mapping[str, Any]) -> int | None:
    response = exchange.get("response")
    return None if response is None else int(response["status_code"])


def _curl(exchange: Mapping[str, Any], case: Mapping[str, Any]) -> str:
    """The request as a line of shell, without the host and with the name of who sent it for their session."""
    request = exchange["request"]
    path = "/" + str(request["uri"]).split("/", 3)[3]
    words = ["curl", "-X", str(request["method"]), shlex.quote("$URL" + path)]
    kind = next((v[0] for k, v in request["headers"].items() if k.lower() == "content-type"), None)
    if kind is not None:
        words += ["-H", shlex.quote(f"Content-Type: {kind}")]
    if case.get("auth_identity") is not None:
        words.append(f"(signed in as {case['auth_identity']})")
    body = request.get("body")
    if body:
        words += ["-d", _body(body)]
    return " ".join(words)


def _body(body: Mapping[str, Any]) -> str:
    try:
        content = base64.b64decode(body["$base64"], validate=True)
    except (KeyError, binascii.Error):
        return "…"
    try:
        shown = shlex.quote(content.decode())
    except UnicodeDecodeError:
        shown = f"$(echo {base64.b64encode(content[:SHOWN_BODY]).decode()} | base64 -d)"
    return shown if len(shown) <= SHOWN_BODY else shown[:SHOWN_BODY] + "…"
