"""A project's own locustfile as the load: sessions of its users, their errors, and files that cannot be played."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loadtests.engine.orders import Limits, Order
from loadtests.generator import TRACES, GeneratorError, Means, generator
from loadtests.histogram import quantiles
from loadtests.load import collect_load
from loadtests.locustfile import played
from scorecard.evidence import Status
from scorecard.project import ProjectFile
from scorecard.site import Site

_USERS = """
import csv
from locust import FastHttpUser, HttpUser, SequentialTaskSet, TaskSet, between, events, task
import neighbour

GREETING = open("greeting.txt").read()

@events.test_start.add_listener
def begin(environment, **told):
    neighbour.BEGAN.append(environment.host)

class Filing(SequentialTaskSet):
    @task
    def first(self):
        self.client.get("/filing/1")
    @task
    def second(self):
        self.client.get("/filing/2")
        self.interrupt()
    @task
    def never(self):
        self.client.get("/never")

class Citizen(FastHttpUser):
    weight = 3
    tasks = [Filing]
    def on_start(self):
        self.client.post("/login", json={"hello": GREETING, "began": neighbour.BEGAN})
    def on_stop(self):
        self.client.get("/logout")

class DeskAgent(HttpUser):
    persona = "agent"
    wait_time = between(0.01, 0.02)
    @task
    def look(self):
        with self.client.get("/queue/17", name="/queue/[n]", catch_response=True) as answer:
            if "dossier" not in answer.text:
                answer.failure("no dossier in it")

class Slow(FastHttpUser):
    weight = 1
    @task
    def wait(self):
        self.client.get("/slow")
    def on_stop(self):
        self.client.get("/bye")

class Broken(FastHttpUser):
    weight = 1
    @task
    def stumble(self):
        self.client.get("/ok")
        {}["nothing"]

class Base(FastHttpUser):
    abstract = True
"""


_MISTAKE = '{}["nothing"]'
_STUMBLE = f"KeyError, line {1 + [line.strip() for line in _USERS.splitlines()].index(_MISTAKE)}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    (folder / "users.py").write_text(_USERS, encoding="utf-8")
    (folder / "neighbour.py").write_text("BEGAN = []\n", encoding="utf-8")
    (folder / "greeting.txt").write_text("bonjour", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def target(serve: Callable[..., Any], respond: Any) -> Any:
    async def handler(request: Any) -> Any:
        match request.path:
            case "/queue/17":
                return respond(200, b"<h1>Une erreur est survenue</h1>")
            case "/slow":
                await asyncio.sleep(3600)
        return respond()

    return serve(handler)


def site(folder: Path, run: Path, url: str | None, **load: Any) -> Site:
    project = ProjectFile.model_validate(
        {
            "project": {"name": "Test", "users": 1000, "agents": 10},
            "target": {},
            "load": {"locustfile": "users.py", **load},
        }
    )
    return Site(project=project, root=folder, run=run, url=url, profile="smoke")


def test_user_classes_are_journeys_with_their_weight_and_persona(folder: Path, tmp_path: Path) -> None:
    found = played(site(folder, tmp_path, None))
    journeys = {one.name: (one.persona, one.weight) for one in found.site.project.journeys}
    assert journeys == {
        "citizen": ("citizen", 3.0),
        "desk-agent": ("agent", 1.0),
        "slow": ("citizen", 1.0),
        "broken": ("citizen", 1.0),
    }
    (caveat,) = found.caveats
    assert "each arrival is a new user of users.py" in caveat
    assert "one task drawn by weight" in caveat


def test_every_arrival_is_a_session_of_a_user_and_what_goes_wrong_is_counted(
    target: Any, folder: Path, tmp_path: Path
) -> None:
    found = played(site(folder, tmp_path, target.url)).site
    journeys = {one.name: one for one in found.project.journeys}
    means = Means(processes=2, locustfile=folder / "users.py")
    people = {"citizen": 1000, "agent": 10}
    with generator(target.url, list(journeys.values()), people, tmp_path, 1, means) as running:
        lone = running.smoke(journeys["citizen"], 1.0)["steps"]
        stumbled = running.smoke(journeys["broken"], 1.0)["steps"]
        rates = {"citizen": 20.0, "desk-agent": 10.0, "broken": 10.0, "slow": 2.0}
        limits = Limits(sessions=10**6, errors=10**9, slow=10**9, slow_s=1.0)
        report = running.step(Order(rates, 0.0, 2.0, 1.0, limits, 1.0, 1.0), lambda: None)
    assert [step["label"] for step in lone] == ["/login", "/filing/1", "/filing/2", "/logout"]
    assert [step["error"] for step in lone] == [None] * 4
    assert stumbled[-1]["error"] == _STUMBLE
    steps = {step["label"]: step for step in report["steps"]}
    assert steps["citizen: /login"]["requests"] == 40
    assert "citizen: /never" not in steps
    assert steps["desk-agent: /queue/[n]"]["errors"] == {"no dossier in it": 20}
    assert steps["broken: (its own code)"]["errors"] == {_STUMBLE: 20}
    assert steps["slow: /slow"]["errors"] == {"unfinished": 4}  # what was never answered is not forgotten
    assert report["counts"]["sessions"] == 84
    assert "/bye" not in {request.path for request in target.seen}  # who is cut off sends nothing more
    latency = quantiles([steps["slow: /slow"]["latency"]])
    assert latency is not None
    assert latency.p50 >= 1.0
    (hello,) = {request.body for request in target.seen if request.path == "/login"}
    assert json.loads(hello) == {"hello": "bonjour", "began": [target.url]}
    sampled = (tmp_path / TRACES).read_text(encoding="utf-8").splitlines()
    assert len(sampled) >= 40
    assert all(request.headers.get("traceparent") for request in target.seen)


def test_one_process_plays_a_locustfile_too_and_as_many_tasks_as_asked(
    target: Any, folder: Path, tmp_path: Path
) -> None:
    found = played(site(folder, tmp_path, target.url, tasks=3)).site
    (agent,) = (one for one in found.project.journeys if one.name == "desk-agent")
    means = Means(locustfile=folder / "users.py", tasks=3)
    with generator(target.url, found.project.journeys, {"citizen": 9, "agent": 9}, tmp_path, 1, means) as running:
        report = running.step(Order({agent.name: 5.0}, 0.0, 2.0, 2.0, Limits(99, 99, 99, 9.0), 0.0, 1.0), lambda: None)
    (step,) = report["steps"]
    assert report["counts"]["sessions"] == 10
    assert 27 <= step["requests"] <= 30  # the last ones may wait beyond the window


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("import locust\n\n\nx = y\n", "users.py, line 4: NameError: name 'y' is not defined"),
        ("def f(:\n", "users.py, line 1: invalid syntax"),
        ("import sys\nsys.exit('no')\n", "users.py, line 2: SystemExit: no"),
        ("x = 1\n", "users.py: no user class"),
        ("from locust import User\nclass U(User):\n    abstract = False\n", "users.py: U has no task"),
        (
            "from locust import User, task\nclass U(User):\n    persona = 'boss'\n    @task\n    def t(self): ...\n",
            "persona is 'boss'",
        ),
    ],
)
def test_a_file_that_cannot_be_played_is_one_line_that_says_where(source: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "users.py").write_text(source, encoding="utf-8")
    with pytest.raises(GeneratorError, match=message) as refused:
        played(site(tmp_path, tmp_path, None))
    assert "\n" not in str(refused.value)


def test_the_evidence_says_why_a_locustfile_was_not_played(tmp_path: Path) -> None:
    evidence = collect_load(site(tmp_path, tmp_path, "http://127.0.0.1:9"))
    assert evidence.status is Status.ERROR
    assert evidence.reason is not None
    assert "users.py cannot be read" in evidence.reason.en
    assert all(fact.value is None for fact in evidence.facts)
