"""The generator's process: ``python -P -m loadtests.engine FD`` takes orders on the socket ``FD``.

It ends when told to or when the other end of the socket is gone, so that it outlives nobody who started it.
"""

from __future__ import annotations

import gc
import os
import resource
import socket
import sys
from pathlib import Path as FilePath
from random import Random
from typing import Any

import gevent
import locust
from locust.env import Environment
from locust.event import EventHook
from locust.runners import MasterRunner

from loadtests.engine.browser import Address
from loadtests.engine.channel import Channel
from loadtests.engine.orders import Limits, Order
from loadtests.engine.paths import Path
from loadtests.engine.pump import Pump
from loadtests.engine.tracing import SentTraces
from scorecard.journeys import JourneyError
from scorecard.project import Journey


def main(descriptor: int) -> None:
    """Serve the controller behind the socket ``descriptor`` until it hangs up."""
    channel = Channel(socket.socket(fileno=descriptor))
    setup = channel.receive(timeout_s=60)
    if setup is None:
        return
    _allow_many_sockets()
    with FilePath(setup["traces"]).open("a", encoding="utf-8") as file:
        try:
            pump = _pump(setup, SentTraces(file))
        except JourneyError as error:
            channel.send({"is": "error", "message": str(error)})
            return
        gc.collect()
        gc.freeze()  # what lives as long as the process need not be walked by every collection during the load
        channel.send({"is": "ready", "locust": locust.__version__})
        for message in channel.messages():
            channel.send(_obey(message, pump, channel))


def _pump(setup: dict[str, Any], traces: SentTraces) -> Pump:
    """Locust with the pump hooked on its ``init`` event, on every runner but a master."""
    paths = {j["name"]: Path.of(Journey.model_validate(j), {}) for j in setup["journeys"]}
    environment = Environment(host=setup["target"])
    pumps: list[Pump] = []

    def start(environment: Environment, **_: Any) -> None:
        if not isinstance(environment.runner, MasterRunner):
            pumps.append(Pump(Address.of(setup["target"]), paths, setup["populations"], traces, Random(setup["seed"])))  # noqa: S311

    # Locust's event hooks carry no types
    init: Any = environment.events.init
    init.add_listener(start)
    init.fire(environment=environment, runner=environment.create_local_runner(), web_ui=None)
    # the runner's own listener keeps statistics that nobody reads; they cost more than the recorder's
    unheard: Any = EventHook
    environment.events.request = unheard()
    return pumps[0]


def _obey(message: dict[str, Any], pump: Pump, channel: Channel) -> dict[str, Any]:
    match message.pop("do"):
        case "smoke":
            return {"is": "smoke", **pump.alone(message["journey"], message["think_scale"])}
        case "step":
            order = Order(**{**message, "limits": Limits(**message["limits"])})
            return {"is": "step", **pump.run(order, lambda beat: _tell(channel, beat))}
        case other:
            return {"is": "error", "message": f"unknown order {other!r}"}


def _tell(channel: Channel, beat: dict[str, Any]) -> None:
    """Say that the load goes on; when nobody is there to hear it the load ends at once."""
    try:
        channel.send({"is": "beat", **beat})
    except OSError:
        os._exit(1)


def _allow_many_sockets() -> None:
    """Lift the soft limit of open files to the hard one: every session has a connection of its own."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


if __name__ == "__main__":
    try:
        main(int(sys.argv[1]))
    except (BrokenPipeError, ConnectionResetError, KeyboardInterrupt):
        sys.exit(1)
    finally:
        gevent.get_hub().destroy()
