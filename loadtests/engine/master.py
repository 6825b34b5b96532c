"""Several processes play one load: Locust's master runner joins them, and their reports are made one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, TextIO

import gevent
from gevent.queue import Empty, Queue
from locust.env import Environment
from locust.rpc.protocol import Message
from locust.runners import STATE_MISSING

from loadtests.engine import messages
from loadtests.engine.merging import WORKER_LOST, one_report
from loadtests.engine.orders import Limits, Order, Share
from loadtests.engine.pump import Beat
from loadtests.engine.recorder import monotonic

_JOIN_S = 45.0
_SPARE_S = 10.0
_TICK_S = 0.1

Aside = Callable[[str, dict[str, Any]], None]
"""Called with a worker's id (empty when one was lost) and what was said."""


class CrewError(Exception):
    """The workers of a load did not join, or could not be set up."""


@dataclass(frozen=True)
class _Member:
    """A worker that has joined."""

    id: str
    host: str
    pid: int


class Master:
    """The workers of a load, on this machine and on others."""

    def __init__(self, environment: Environment, address: tuple[str, int], sent_traces: TextIO) -> None:
        self._sent_traces = sent_traces
        self._inbox: Queue[tuple[str, str, dict[str, Any]]] = Queue()
        self._joined: dict[str, _Member] = {}
        self._refused: list[str] = []
        self._lost: set[str] = set()
        self._complete = False
        self._own: dict[int, subprocess.Popen[bytes]] = {}
        self._runner = environment.create_master_runner(*address)
        self._host = "127.0.0.1" if address[0] in ("*", "0.0.0.0") else address[0]  # noqa: S104 (said by the user)
        self._runner.register_message(messages.HELLO, self._welcome)
        for message in messages.FROM_WORKERS:
            self._runner.register_message(message, self._put)

    def start_workers(self, processes: int) -> None:
        """Start workers on this machine; they end with this process."""
        for _ in range(processes):
            command = [sys.executable, "-P", "-m", "loadtests.engine.worker", self._host, str(self._runner.server.port)]
            worker = subprocess.Popen([*command, str(os.getpid())], stdin=subprocess.DEVNULL)
            self._own[worker.pid] = worker

    def gather(self, workers: int, setup: dict[str, Any], join_s: float = _JOIN_S) -> None:
        """Wait until ``workers`` have joined and are set up; who comes beyond that stays idle.

        Raises:
            CrewError: they did not join within ``join_s`` seconds, or cannot play what they are to.
        """
        deadline = monotonic() + join_s
        while len(self._joined) < workers:
            if self._refused:
                raise CrewError(self._refused[0])
            if monotonic() > deadline or any(own.poll() is not None for own in self._own.values()):
                raise CrewError(f"{len(self._joined)} of {workers} load workers joined within {join_s:.0f} s")
            gevent.sleep(_TICK_S)
        self._complete = True
        for surplus in self._members[workers:]:
            del self._joined[surplus.id]
        self._send(self._members, messages.SETUP, setup)
        missing = self._collect(messages.READY, self._members, monotonic() + _JOIN_S)[1]
        if missing:
            raise CrewError(f"{len(missing)} of {workers} load workers were lost while they were set up")

    def smoke(self, journey: str, think_scale: float, share: Share) -> dict[str, Any]:
        """Have one worker send a lone visitor through a journey. Raises CrewError when no worker is left."""
        while self._members:
            one = self._members[:1]
            asked = {"journey": journey, "think_scale": think_scale, "share": asdict(share)}
            self._send(one, messages.SMOKE, asked)
            heard, _ = self._collect(messages.SMOKE, one, deadline=None)
            if heard:
                return heard[one[0].id]
        raise CrewError("no load worker is left")

    def step(self, order: Order, share: Share, beat: Beat) -> dict[str, Any]:
        """Have all workers play a step of the load together, and make their reports one.

        Raises CrewError when no worker is left.
        """
        members = self._members
        if not members:
            raise CrewError("no load worker is left")
        for part, member in enumerate(members):
            dealt = asdict(replace(share, part=part, of=len(members)))
            self._send([member], messages.STEP, {"order": asdict(order), "share": dealt})
        self._collect(messages.SET, members, monotonic() + _JOIN_S)
        self._send(members, messages.GO, {})
        span = order.warm_up_s + order.duration_s + order.drain_s
        watch = _Whole(order, beat)

        def heard(member: str, said: dict[str, Any]) -> None:
            why = watch.passed(member, said)
            if why is not None:
                self._send(members, messages.STOP, {"why": why})

        reports, lost = self._collect(messages.REPORT, members, monotonic() + span + _SPARE_S, heard)
        if not reports:
            raise CrewError("every load worker was lost")
        whole = one_report([reports[member.id] for member in members if member.id in reports], lost=len(lost))
        if whole["broken"] is None:  # the last beats may have come too late to end it
            whole["broken"] = _passed(order.limits, whole["counts"])
        return whole

    def close(self) -> None:
        """Tell all workers to quit."""
        for own in self._own.values():
            own.kill()
        if len(self._joined) > len(self._own):
            self._runner.quit()

    @property
    def _members(self) -> list[_Member]:
        return [member for member in self._joined.values() if member.id not in self._lost]

    def _welcome(self, environment: Environment, msg: Message) -> None:
        said = msg.data
        if self._complete:  # it knows nothing of the setup
            return
        if said["portance"] != messages.own_version():
            self._refused.append(
                f"a load worker on {said['host']} has Portance {said['portance']}, here is {messages.own_version()}"
            )
        self._joined[msg.node_id] = _Member(msg.node_id, said["host"], said["pid"])

    def _put(self, environment: Environment, msg: Message) -> None:
        self._inbox.put((msg.type, msg.node_id, msg.data))

    def _send(self, members: Sequence[_Member], what: str, data: dict[str, Any]) -> None:
        for member in members:
            self._runner.send_message(what, data, member.id)

    def _collect(
        self, what: str, members: Sequence[_Member], deadline: float | None, aside: Aside | None = None
    ) -> tuple[dict[str, dict[str, Any]], set[str]]:
        """One message ``what`` of each of ``members``, by member, and who was lost before sending it.

        ``aside`` is told every beat and every report. Raises CrewError when a worker says that it cannot.
        """
        owed = {member.id for member in members}
        heard: dict[str, dict[str, Any]] = {}
        lost: set[str] = set()
        while owed:
            gone = self._gone(owed) if deadline is None or monotonic() < deadline else set(owed)
            if gone:
                owed -= gone
                lost |= gone
                self._lost |= gone
                if aside is not None:
                    aside("", {"broken": WORKER_LOST})
            try:
                kind, member, said = self._inbox.get(timeout=_TICK_S)
            except Empty:
                continue
            self._sent_traces.write(said.pop("traces", ""))
            if member in self._lost:
                continue
            if kind == messages.ERROR:
                raise CrewError(said["message"])
            if aside is not None:
                aside(member, said)
            if kind == what and member in owed:
                owed.discard(member)
                heard[member] = said
        self._sent_traces.flush()
        return heard, lost

    def _gone(self, members: Collection[str]) -> set[str]:
        """Those of ``members`` that have ended, have quit, or have not been heard of for some seconds."""
        dead = {pid for pid, own in self._own.items() if own.poll() is not None}
        clients = self._runner.clients
        return {
            one
            for one in members
            if self._joined[one].pid in dead or one not in clients or clients[one].state == STATE_MISSING
        }


class _Whole:
    """Holds what all workers together have done against the limits of a step."""

    def __init__(self, order: Order, beat: Beat) -> None:
        self._limits = order.limits
        self._beat = beat
        self._last: dict[str, dict[str, Any]] = {}
        self._told = monotonic()
        self._stopped = False

    def passed(self, member: str, said: dict[str, Any]) -> str | None:
        """The limit that the whole has now passed, once; None while there is none."""
        if self._stopped:
            return None
        why: str | None = said.get("broken")
        if why is None and "owed" in said:
            self._last[member] = said
            total = {what: sum(one[what] for one in self._last.values()) for what in ("at_once", "errors", "slow")}
            why = _passed(self._limits, total)
            if monotonic() - self._told >= 1.0:
                self._told = monotonic()
                self._beat({"at_once": total["at_once"], "owed": sum(one["owed"] for one in self._last.values())})
        self._stopped = why is not None
        return why


def _passed(limits: Limits, counts: Mapping[str, int]) -> str | None:
    """The limit that ``counts`` pass, None when there is none."""
    if counts.get("errors", 0) > limits.errors:
        return "errors"
    if counts.get("slow", 0) > limits.slow:
        return "slow"
    return "sessions" if counts.get("at_once", 0) > limits.sessions else None
