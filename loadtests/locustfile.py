"""A project's own locustfile as the journeys of the load: each of its user classes is one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from loadtests.engine_process import engine_process
from loadtests.generator import source_of
from scorecard.project_journeys import Journey
from scorecard.site import Site

_START_S = 60.0
_REQUESTS = 20
"""Requests allowed for in a task when sessions under way are counted: what it really sends, nobody knows before."""


@dataclass(frozen=True)
class Played:
    """A site whose journeys are what is played, and what a reader must know of them (nothing for journeys of steps)."""

    site: Site
    caveats: tuple[str, ...] = ()


def played(site: Site) -> Played:
    """The site with the users of its locustfile as its journeys, where it names one.

    A class's weight is its share among those of its persona, which is its attribute ``persona``, citizens unless said.

    Raises:
        GeneratorError: the locustfile cannot be played; the message says in which line and why.
    """
    load = site.project.load
    if load.locustfile is None:
        return Played(site)
    source = source_of(site.path(load.locustfile))
    url = site.url if site.url is not None else ""
    with engine_process(url, site.raw("load")) as engine:
        users = engine.ask({"do": "describe", "locustfile": source}, "described", _START_S)["users"]
    journeys = tuple(_journey(one, load.tasks) for one in users)
    project = site.project.model_copy(update={"journeys": journeys})
    return Played(replace(site, project=project), (_caveat(source["name"], users, load.tasks),))


def _journey(user: dict[str, Any], tasks: int) -> Journey:
    step = {"get": "/", "name": f"what {user['class']} asks for"}
    return Journey.model_validate(
        {
            "name": user["name"],
            "persona": user["persona"],
            "weight": user["weight"],
            "steps": [step] * (_REQUESTS * tasks),
        }
    )


def _caveat(name: str, users: list[dict[str, Any]], tasks: int) -> str:
    classes = ", ".join(user["class"] for user in users)
    drawn = "one task" if tasks == 1 else f"{tasks} tasks"
    return (
        f"each arrival is a new user of {name} ({classes}): on_start, {drawn} drawn by weight, on_stop; its first "
        "request is timed from the arrival, later ones from when its own code sends them"
    )
