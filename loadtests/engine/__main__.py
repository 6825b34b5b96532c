"""The generator's process: ``python -P -m loadtests.engine FD`` takes orders on the socket ``FD``.

It plays the load itself, or is the master of workers that do. It ends when told to or when the other end of the socket
is gone, so that it outlives nobody who started it.
"""

from __future__ import annotations

import contextlib
import gc
import os
import socket
import sys
from pathlib import Path
from random import Random
from typing import Any, Protocol, TextIO

import gevent
import locust
from locust.env import Environment

from loadtests.engine.channel import Channel
from loadtests.engine.limits import allow_many_sockets
from loadtests.engine.locustfile import LocustfileError, described
from loadtests.engine.master import CrewError, Master
from loadtests.engine.orders import Limits, Order, Share
from loadtests.engine.playing import pump_of
from loadtests.engine.pump import Beat, Pump
from loadtests.engine.tracing import SentTraces
from scorecard.journeys import JourneyError


class Crew(Protocol):
    """Who plays the load: this process alone, or the workers of a master."""

    def smoke(self, journey: str, think_scale: float, share: Share) -> dict[str, Any]:
        """Send a lone visitor through a journey."""

    def step(self, order: Order, share: Share, beat: Beat) -> dict[str, Any]:
        """Play a step of the load."""

    def close(self) -> None:
        """Let go of everybody."""


class Alone:
    """This process plays it all."""

    def __init__(self, pump: Pump, traces: SentTraces) -> None:
        self._pump = pump
        self._traces = traces

    def smoke(self, journey: str, think_scale: float, share: Share) -> dict[str, Any]:
        """Send a lone visitor through a journey."""
        seen = self._pump.alone(journey, think_scale, share)
        self._traces.flush()
        return seen

    def step(self, order: Order, share: Share, beat: Beat) -> dict[str, Any]:
        """Play a step of the load."""
        report = self._pump.run(order, share, beat)
        self._traces.flush()
        return report

    def close(self) -> None:
        """Nobody else is there."""


def main(descriptor: int) -> None:
    """Serve the controller behind the socket ``descriptor`` until it hangs up."""
    channel = Channel(socket.socket(fileno=descriptor))
    setup = channel.receive(timeout_s=60)
    if setup is None:
        return
    if setup["do"] == "describe":
        channel.send(_described(setup))
        return
    with Path(setup["traces"]).open("a", encoding="utf-8") as file, contextlib.ExitStack() as stack:
        try:
            crew = _crew(setup, file, stack)
        except (JourneyError, LocustfileError, CrewError) as error:
            channel.send({"is": "error", "message": str(error)})
            return
        gc.collect()
        gc.freeze()  # what lives as long as the process need not be walked by every collection during the load
        channel.send({"is": "ready", "locust": locust.__version__})
        _serve(channel, crew, Random(setup["seed"]), setup["come"])  # noqa: S311 (arrivals, not secrets)


def _described(setup: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"is": "described", "users": described(**setup["locustfile"])}
    except LocustfileError as error:
        return {"is": "error", "message": str(error)}


def _crew(setup: dict[str, Any], traces: TextIO, stack: contextlib.ExitStack) -> Crew:
    environment = Environment(host=setup["target"], events=locust.events)
    processes, listen = setup["processes"], setup["listen"]
    if processes == 1 and listen is None:
        allow_many_sockets()
        environment.create_local_runner()
        sent = SentTraces(traces)
        return Alone(pump_of(setup, environment, sent), sent)
    master = Master(environment, ("127.0.0.1", 0) if listen is None else (listen[0], listen[1]), traces)
    stack.callback(master.close)
    if listen is None:
        master.start_workers(processes)
    master.gather(processes, setup) if listen is None else master.gather(processes, setup, setup["join_s"])
    return master


def _serve(channel: Channel, crew: Crew, random: Random, come: dict[str, int]) -> None:
    """Carry out orders; every one gets a seed of its own, and knows how many people came before."""
    for message in channel.messages():
        share = Share(seed=random.getrandbits(63), come=come)
        try:
            match message.pop("do"):
                case "smoke":
                    answer = {"is": "smoke", **crew.smoke(message["journey"], message["think_scale"], share)}
                case "step":
                    order = Order(**{**message, "limits": Limits(**message["limits"])})
                    answer = {"is": "step", **crew.step(order, share, lambda beat: _tell(channel, beat))}
                case other:
                    answer = {"is": "error", "message": f"unknown order {other!r}"}
        except CrewError as error:
            answer = {"is": "error", "message": str(error)}
        come = answer.get("come", come)
        channel.send(answer)


def _tell(channel: Channel, beat: dict[str, Any]) -> None:
    """Say that the load goes on; when nobody is there to hear it the load ends at once."""
    try:
        channel.send({"is": "beat", **beat})
    except OSError:
        os._exit(1)


if __name__ == "__main__":
    try:
        main(int(sys.argv[1]))
    except (BrokenPipeError, ConnectionResetError, KeyboardInterrupt):
        sys.exit(1)
    finally:
        gevent.get_hub().destroy()
