"""From what the controller sends to the players of a process, wherever it runs."""

from __future__ import annotations

import base64
from typing import Any

from locust.env import Environment

from loadtests.engine.browser import Address
from loadtests.engine.locustfile import load
from loadtests.engine.paths import Path
from loadtests.engine.players import JourneyPlayer, Player
from loadtests.engine.pump import Pump
from loadtests.engine.tracing import SentTraces
from loadtests.engine.users import UserPlayer
from scorecard.project_journeys import Journey


def pump_of(setup: dict[str, Any], environment: Environment, traces: SentTraces) -> Pump:
    """The pump for what ``setup`` names: the journeys of a project file, or the users of a locustfile.

    Raises:
        JourneyError: a journey uses a value nobody gives, or a wrong expression.
        LocustfileError: the locustfile cannot be played.
    """
    target = Address.of(setup["target"])
    journeys = [Journey.model_validate(one) for one in setup["journeys"]]
    players: dict[str, Player] = {}
    if setup["locustfile"] is not None:
        users = load(**setup["locustfile"])
        tasks = setup["tasks"]
        for one in journeys:
            users[one.name].cls.host = setup["target"]
            players[one.name] = UserPlayer(users[one.name], environment, target.origin, traces, tasks)
        # what the file hooks on the beginning of a test is to run, once
        events: Any = environment.events  # locust's event hooks carry no types
        events.init.fire(environment=environment, runner=environment.runner, web_ui=None)
        events.test_start.fire(environment=environment)
    else:
        contents = {name: base64.b64decode(one) for name, one in setup["contents"].items()}
        players = {one.name: JourneyPlayer(target, Path.of(one, contents, setup["target"]), traces) for one in journeys}
    return Pump(players, setup["populations"])
