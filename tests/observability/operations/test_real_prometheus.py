"""The reference service, watched by a real Prometheus with the shipped rules: each panel has data, and a fault calls.

The database of the service is then made to hang while people use it: the failures show, and the alert fires.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from typing import Any

import httpx
import psutil
import pytest

from observability.operations.expressions import without_variables
from scorecard.journeys.exchange import Budget
from scorecard.journeys.person import Person
from scorecard.project import load

REPOSITORY = Path(__file__).resolve().parents[3]
OPERATIONS = REPOSITORY / "reference_app" / "operations"
READY_WITHIN_S, SEEN_WITHIN_S = 90, 120
AT_ONCE = 12

SCRAPED = """
global: {{ scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }}
rule_files: [ alerts.yaml, deferred.yaml ]
scrape_configs:
  - job_name: reference-app
    static_configs: [ {{ targets: [ "127.0.0.1:{port}" ] }} ]
"""


@pytest.fixture
def ports(free_ports) -> tuple[int, int, int]:
    """For the service, its metrics and Prometheus."""
    return free_ports(3)


def test_every_panel_has_data_and_a_database_that_hangs_fires_the_alert(tmp_path: Path, ports: tuple[int, int, int]):
    if shutil.which("prometheus") is None and os.environ.get("CI") != "true":
        pytest.skip("Prometheus is not installed here (on Debian: apt install prometheus)")
    service_port, metrics_port, prometheus_port = ports
    with (
        _service(tmp_path, service_port, metrics_port) as service,
        _prometheus(tmp_path, metrics_port, prometheus_port),
    ):
        ask, url = _Prometheus(prometheus_port), f"http://127.0.0.1:{service_port}"
        with httpx.Client(base_url=url, timeout=20, trust_env=False) as people:
            cookie = _file_one(url)
            empty = _unanswered(ask, people)
            assert empty == [], "panels without data"
            assert ask.value(_query("Requêtes qui échouent")) == 0
            assert ask.firing() == set()
        with _database_that_hangs(service):
            _until(lambda: _failures(url, cookie) and ask.value(_query("Requêtes qui échouent")) > 0, "failures show")
            _until(lambda: "ErrorBudgetBurnsFast" in ask.firing(), "the alert fires")


def _unanswered(ask: _Prometheus, people: httpx.Client) -> list[str]:
    """Titles of the panels that stay empty while people use the service."""
    left = [(panel["title"], target["expr"]) for panel in _panels() for target in panel["targets"]]
    deadline = time.monotonic() + SEEN_WITHIN_S
    while left and time.monotonic() < deadline:
        _visit(people)
        left = [(title, expr) for title, expr in left if not ask.series(without_variables(expr))]
        time.sleep(0.5)
    return [f"{title}: {expr}" for title, expr in left]


def _panels() -> list[dict[str, Any]]:
    boards = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(OPERATIONS.glob("*.json"))]
    return [panel for board in boards for panel in board["panels"]]


def _query(title: str) -> str:
    (panel,) = (panel for panel in _panels() if panel["title"] == title)
    return without_variables(panel["targets"][0]["expr"])


class _Prometheus:
    """The query interface of Prometheus."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}/api/v1/query"

    def series(self, query: str) -> list[dict[str, Any]]:
        """Series that answer ``query`` with a number."""
        answer = httpx.get(self._url, params={"query": query}, timeout=10, trust_env=False).json()
        assert answer["status"] == "success", answer
        return [one for one in answer["data"]["result"] if one["value"][1] != "NaN"]

    def value(self, query: str) -> float:
        """The one value of ``query``."""
        (one,) = self.series(query)
        return float(one["value"][1])

    def firing(self) -> set[str]:
        """Names of the alerts that fire."""
        return {one["metric"]["alertname"] for one in self.series('ALERTS{alertstate="firing"}')}


def _visit(people: httpx.Client) -> bool:
    """One visit behind a proxy that says when it came; whatever the answer, it was a visit."""
    headers = {"X-Request-Start": f"t={time.time() - 0.01:.3f}"}
    for path in ("/", "/dossiers", "/api/v1/dossiers"):
        people.get(path, headers=headers)
    return True


def _failures(url: str, cookie: str) -> bool:
    """Ask side by side, since each may take as long as the service lets it; whether all failed."""

    def ask(_: int) -> int:
        headers = {"Cookie": cookie}
        return httpx.get(f"{url}/api/v1/dossiers", headers=headers, timeout=30, trust_env=False).status_code

    with ThreadPoolExecutor(AT_ONCE) as people:
        return all(status >= 500 for status in people.map(ask, range(AT_ONCE)))


def _file_one(url: str) -> str:
    """Somebody goes through the first journey of the project file: what people get done is counted; their cookie."""
    journey = load(REPOSITORY / "reference_app" / "portance.toml").journeys[0]
    person = Person(url, "citizen", 1, Random(1), Budget())
    try:
        for step in journey.steps:
            taken = person.take(step)
            assert taken.succeeded, f"{step.label}: {taken.trouble}"
        return person.cookie_for(url)
    finally:
        person.close()


@contextmanager
def _database_that_hangs(service: psutil.Process) -> Iterator[None]:
    """Suspend the PostgreSQL that the service started, and no other: nothing that asks it gets an answer."""
    found = [child for child in service.children(recursive=True) if child.name() == "postgres"]
    assert found, "the service has a database"
    try:
        for child in found:
            child.suspend()
        yield
    finally:
        for child in found:
            with suppress(psutil.NoSuchProcess):
                child.resume()


def _until(happened: Any, what: str) -> None:
    deadline = time.monotonic() + SEEN_WITHIN_S
    while not happened():
        assert time.monotonic() < deadline, f"not within {SEEN_WITHIN_S} s: {what}"
        time.sleep(0.5)


@contextmanager
def _service(folder: Path, port: int, metrics_port: int) -> Iterator[psutil.Process]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    environment = {
        **clean,
        "OTEL_METRICS_EXPORTER": "prometheus",
        "OTEL_EXPORTER_PROMETHEUS_HOST": "127.0.0.1",
        "OTEL_EXPORTER_PROMETHEUS_PORT": str(metrics_port),
        "PORTANCE_REFERENCE_TRUSTS_REQUEST_START": "true",
    }
    command = [sys.executable, "-m", "reference_app", "up", "--port", str(port), "--unlimited", "127.0.0.1/32"]
    with (folder / "service.log").open("wb") as log, _running(command, folder, log, environment) as process:
        _until_ready(process, f"http://127.0.0.1:{port}/readyz", folder / "service.log")
        yield psutil.Process(process.pid)


@contextmanager
def _prometheus(folder: Path, metrics_port: int, port: int) -> Iterator[None]:
    # Every minute is what production needs and a test has no time for.
    for name in ("alerts.yaml", "deferred.yaml"):
        rules = (OPERATIONS / name).read_text(encoding="utf-8").replace("interval: 1m", "interval: 1s")
        (folder / name).write_text(rules, encoding="utf-8")
    (folder / "prometheus.yml").write_text(SCRAPED.format(port=metrics_port), encoding="utf-8")
    command = [
        "prometheus",
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with (folder / "prometheus.log").open("wb") as log, _running(command, folder, log, dict(os.environ)) as process:
        _until_ready(process, f"http://127.0.0.1:{port}/-/ready", folder / "prometheus.log")
        yield


@contextmanager
def _running(
    command: list[str], folder: Path, log: Any, environment: dict[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, env=environment, start_new_session=True)
    try:
        yield process
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _until_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while True:
        assert process.poll() is None, log.read_text(encoding="utf-8", errors="replace")[-2_000:]
        assert time.monotonic() < deadline, f"{url} was not ready"
        try:
            if httpx.get(url, timeout=5, trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
