"""A process that plays its share of the load for a master: ``python -P -m loadtests.engine.worker HOST PORT``.

Locust's own worker runner joins the master, beats and carries the messages. With a third argument, the process id of
its parent, it ends with it.
"""

from __future__ import annotations

import io
import os
import socket
import sys
from collections.abc import Mapping
from typing import Any

import gevent
import locust
from gevent.event import Event
from locust import runners
from locust.env import Environment
from locust.rpc.protocol import Message

from loadtests.engine import messages
from loadtests.engine.limits import allow_many_sockets
from loadtests.engine.orders import Limits, Order, Share
from loadtests.engine.playing import pump_of
from loadtests.engine.pump import Pump
from loadtests.engine.recorder import monotonic
from loadtests.engine.tracing import SentTraces

_BEAT_S = 0.25
"""How often the master hears how it goes: it alone knows whether the whole has passed a limit."""
_MASTER_GONE_S = 60.0
_NEVER_S = 10**10


class Worker:
    """Obeys one master until it is told to quit."""

    def __init__(self, host: str, port: int) -> None:
        self._environment = Environment(events=locust.events)
        self._file = io.StringIO()
        self._traces = SentTraces(self._file)
        self._pump: Pump | None = None
        self._go = Event()
        self._heard_at = monotonic()
        # Locust looks for the master's last beat by the wall clock: one that is set would end the worker
        runners.MASTER_HEARTBEAT_TIMEOUT = _NEVER_S
        heard: Any = self._environment.events.heartbeat_received  # locust's event hooks carry no types
        heard.add_listener(self._hear)
        self._runner = self._environment.create_worker_runner(host, port)
        gevent.spawn(self._end_without_master)
        for message, obey in {
            messages.SETUP: self._set_up,
            messages.SMOKE: self._smoke,
            messages.STEP: self._step,
            messages.GO: lambda _: self._go.set(),
            messages.STOP: self._stop,
        }.items():
            self._runner.register_message(message, self._listener(obey), concurrent=True)
        self._say(
            messages.HELLO, {"host": socket.gethostname(), "pid": os.getpid(), "portance": messages.own_version()}
        )

    def serve(self) -> None:
        """Serve until the master says to quit, or is not heard of for a minute."""
        self._runner.greenlet.join()

    def _hear(self, **_: Any) -> None:
        self._heard_at = monotonic()

    def _end_without_master(self) -> None:
        while monotonic() - self._heard_at < _MASTER_GONE_S:
            gevent.sleep(1.0)
        self._runner.quit()

    def _listener(self, obey: Any) -> Any:
        def listener(environment: Environment, msg: Message) -> None:
            try:
                obey(msg.data)
            except Exception as error:  # the master must hear of it: it waits for an answer
                self._say(messages.ERROR, {"message": f"{socket.gethostname()}: {type(error).__name__}: {error}"})

        return listener

    def _say(self, what: str, data: Mapping[str, Any]) -> None:
        self._runner.send_message(what, dict(data))

    def _set_up(self, setup: dict[str, Any]) -> None:
        allow_many_sockets()
        self._environment.host = setup["target"]
        self._pump = pump_of(setup, self._environment, self._traces)
        self._say(messages.READY, {})

    def _smoke(self, asked: dict[str, Any]) -> None:
        assert self._pump is not None
        seen = self._pump.alone(asked["journey"], asked["think_scale"], Share(**asked["share"]))
        self._say(messages.SMOKE, seen | {"traces": self._taken()})

    def _step(self, asked: dict[str, Any]) -> None:
        assert self._pump is not None
        order = Order(**{**asked["order"], "limits": Limits(**asked["order"]["limits"])})
        self._go.clear()
        report = self._pump.run(order, Share(**asked["share"]), self._beat, _BEAT_S, self._wait_for_all)
        self._say(messages.REPORT, report | {"traces": self._taken()})

    def _wait_for_all(self) -> None:
        self._say(messages.SET, {})
        self._go.wait()

    def _beat(self, beat: dict[str, Any]) -> None:
        self._say(messages.BEAT, beat | {"traces": self._taken()})

    def _stop(self, asked: dict[str, Any]) -> None:
        if self._pump is not None:
            self._pump.stop(asked["why"])

    def _taken(self) -> str:
        """The sampled requests since it was last asked."""
        self._traces.flush()
        lines = self._file.getvalue()
        self._file.seek(0)
        self._file.truncate()
        return lines


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        gevent.sleep(0.5)
    os._exit(1)


def main(arguments: list[str]) -> None:
    """Join the master at HOST PORT and serve it."""
    if len(arguments) > 2:
        gevent.spawn(_end_with, int(arguments[2]))
    Worker(arguments[0], int(arguments[1])).serve()


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(1)
