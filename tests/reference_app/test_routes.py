"""The order of the routes: what is asked most is found first, and no route stands before another's path."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fastapi.routing import APIRouter, iter_route_contexts
from starlette.routing import BaseRoute, Match

import reference_app

ANY = str(UUID(int=0))
LANDS_ON = {"citizen": "/dossiers", "agent": "/agent/dossiers"}
JOURNEYS = tomllib.loads(Path(reference_app.__file__).with_name("portance.toml").read_text(encoding="utf-8"))[
    "journeys"
]
FEW = 40
"""Routes that a request of the journeys is compared with at most, in the mean; in the order of before it was 73."""


@pytest.fixture(scope="module")
def routes(stage) -> list[BaseRoute]:
    return list(stage.app.router.routes)


def matches(route: BaseRoute, method: str, path: str) -> bool:
    nothing: dict[str, Any] = {"root_path": "", "query_string": b"", "headers": []}
    return route.matches({"type": "http", "method": method, "path": path, **nothing})[0] is Match.FULL


def asked() -> Iterator[tuple[str, str, float]]:
    """Method, path and weight of each step of the journeys; a sign-in comes back and lands on a page."""
    for journey in JOURNEYS:
        turns = 1
        for step in journey["steps"]:
            turns = journey["repeat"] if step["name"] == journey.get("repeat_from") else turns
            method = next(name for name in ("get", "post", "put") if name in step)
            came_back = ["/sign-in/business/callback", LANDS_ON[journey["persona"]]]
            paths = came_back if step[method] == "{action}" else [re.sub(r"\{\w+\}", ANY, step[method]).split("?")[0]]
            for path in paths:
                verb = "GET" if step[method] == "{action}" else method.upper()
                yield verb, path, journey.get("weight", 1) * turns


def compared(routes: Sequence[BaseRoute]) -> float:
    """Routes that a request of the journeys is compared with until it is found, in the mean."""
    steps = list(asked())
    return sum(weight * _until(routes, method, path) for method, path, weight in steps) / sum(w for _, _, w in steps)


def _until(routes: Sequence[BaseRoute], method: str, path: str) -> int:
    looked_at = 0
    for route in routes:
        looked_at += len(list(iter_route_contexts([route])))
        if matches(route, method, path):
            return looked_at
    raise AssertionError(f"no route for {method} {path}")


def test_what_the_journeys_ask_for_stands_among_the_first_routes(routes):
    assert compared(routes) < FEW
    assert compared(list(reversed(routes))) > FEW  # the control


def test_files_of_the_pages_are_told_apart_before_the_routes_are_looked_through(routes):
    assert _until(routes, "GET", "/static/style.css") < 5


def test_no_route_stands_before_the_path_of_another(routes):
    assert hidden(routes) == []
    router = APIRouter()
    for path in ("/places/{place}", "/places/new"):
        router.add_api_route(path, lambda: None)
    assert hidden(router.routes) == ["GET /places/new"]  # the control


def hidden(routes: Sequence[BaseRoute]) -> list[str]:
    """Operations whose own path leads elsewhere."""
    contexts = [one for one in iter_route_contexts(routes) if getattr(one, "methods", None)]
    wrong = []
    for one in contexts:
        for method in one.methods:
            path = re.sub(r"\{\w+(:\w+)?\}", ANY, one.path)
            first = next(other for other in contexts if _is_asked(other, method, path))
            if first.path != one.path:
                wrong.append(f"{method} {one.path}")
    return wrong


def _is_asked(other: Any, method: str, path: str) -> bool:
    parts = [re.escape(part) for part in re.split(r"\{[^}]+\}", other.path)]
    return method in other.methods and re.fullmatch("[^/]+".join(parts), path) is not None
