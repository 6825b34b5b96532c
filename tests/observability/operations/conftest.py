"""A project with objectives, its rules written and tried, and what a service with OpenTelemetry's metrics shows."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
import yaml

from observability.operations import promtool
from observability.operations.rule_tests import rule_tests
from observability.operations.rules import as_yaml, rules
from scorecard import project
from scorecard.project import ProjectFile

SHOWN = """\
# HELP http_server_request_duration_seconds Duration of HTTP server requests.
# TYPE http_server_request_duration_seconds histogram
http_server_request_duration_seconds_bucket{http_response_status_code="200",http_route="/",le="0.4"} 11
http_server_request_duration_seconds_bucket{http_response_status_code="200",http_route="/",le="+Inf"} 12
http_server_request_duration_seconds_sum{http_response_status_code="200",http_route="/"} 0.3
http_server_request_duration_seconds_count{http_response_status_code="200",http_route="/"} 12
# TYPE db_client_connection_wait_time_seconds histogram
db_client_connection_wait_time_seconds_bucket{le="+Inf"} 3
db_client_connection_wait_time_seconds_sum 0.01
db_client_connection_wait_time_seconds_count 3
# TYPE http_server_active_requests gauge
http_server_active_requests 0
# TYPE mails_failed_total counter
mails_failed_total 0
"""


def needs_promtool() -> None:
    """Skip where Prometheus is not installed, except in CI, which installs it."""
    if shutil.which(promtool.PROGRAM) is None and os.environ.get("CI") != "true":
        pytest.skip("promtool is not installed here (on Debian: apt install prometheus)")


@pytest.fixture
def installed() -> None:
    """promtool is there."""
    needs_promtool()


def project_with(objectives: str = "", operations: str = "", more: str = "") -> ProjectFile:
    """A project file with these lines in its tables."""
    text = f"""
[project]
name = "Aides"
users = 1000
[target]
url = "http://127.0.0.1:1"
[objectives]
{objectives}
[operations]
{operations}
{more}
"""
    return project.parse(text.encode())


@pytest.fixture
def make_project() -> Callable[..., ProjectFile]:
    """Makes a project file of lines for its tables."""
    return project_with


@pytest.fixture
def shown() -> str:
    """What a service shows after a little traffic."""
    return SHOWN


@pytest.fixture
def try_rules(tmp_path: Path, installed: None) -> Callable[..., dict[str, bool | None]]:
    """Runs the generated unit tests of a project (or one file of them) on its rules, changed by ``edit`` first."""

    def run(
        of: ProjectFile, edit: Callable[[str], str] = lambda text: text, only: str | None = None
    ) -> dict[str, bool | None]:
        (tmp_path / "alerts.yaml").write_text(edit(as_yaml(rules(of, "fr"))), encoding="utf-8")
        files = []
        for name, document in rule_tests(of, "alerts.yaml").items():
            if only is not None and name != only:
                continue
            files.append(tmp_path / name)
            files[-1].write_text(as_yaml(document), encoding="utf-8")
        return promtool.test_rules(files)

    return run


@pytest.fixture
def write_rules(tmp_path: Path) -> Callable[..., Path]:
    """Writes alerting rules, by name and expression, as a file that Prometheus reads."""

    def write(alerts: dict[str, str], *, runbook: str | None = "https://wiki.example/errors", **fields: str) -> Path:
        annotations = {} if runbook is None else {"annotations": {"runbook_url": runbook}}
        rules_ = [{"alert": name, "expr": expr, **fields, **annotations} for name, expr in alerts.items()]
        path = tmp_path / "rules.yaml"
        path.write_text(yaml.safe_dump({"groups": [{"name": "own", "rules": rules_}]}), encoding="utf-8")
        return path

    return write


@pytest.fixture
def free_ports() -> Callable[[int], tuple[int, ...]]:
    """Gives so many different ports that nobody listens on."""

    def give(count: int) -> tuple[int, ...]:
        with ExitStack() as open_ones:
            probes = [open_ones.enter_context(socket.socket()) for _ in range(count)]
            for probe in probes:
                probe.bind(("127.0.0.1", 0))
            return tuple(probe.getsockname()[1] for probe in probes)

    return give
