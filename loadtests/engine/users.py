"""Sessions of a project's own Locust users, played one an arrival."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from random import Random
from typing import Any

import gevent
from locust import SequentialTaskSet, TaskSet
from locust.env import Environment
from locust.exception import (
    CatchResponseError,
    InterruptTaskSet,
    RescheduleTask,
    RescheduleTaskImmediately,
    StopTest,
    StopUser,
)
from locust.user.task import DefaultTaskSet

from loadtests.engine.failures import kind_of
from loadtests.engine.line import Origin
from loadtests.engine.locustfile import UserClass, line_in
from loadtests.engine.recorder import UNFINISHED, Exchange, Recorder, monotonic
from loadtests.engine.tracing import SentTraces, traceparent
from loadtests.engine.visitor import Outcome

_MOST_NAMES = 200
_OTHERS = "(further names)"


class _Session:
    """One user's session under way: what it asks, and what becomes of it."""

    def __init__(
        self, journey: str, persona: str, intended: float, recorder: Recorder, traces: SentTraces | None, random: Random
    ) -> None:
        self.journey = journey
        self.persona = persona
        self.recorder = recorder
        self.traces = traces
        self.random = random
        self.began = intended
        self.next_intended: float | None = intended
        self.asking: tuple[str, float] | None = None
        self.trace_id = ""
        self.outcomes: list[Outcome] = []

    def record(self, name: str, exchange: Exchange) -> None:
        self.recorder.sending(exchange.intended)
        self.recorder.answered(exchange)
        latency = exchange.ended - exchange.intended
        self.outcomes.append(Outcome(name, exchange.status, exchange.error, latency, exchange.hops))
        if self.traces is not None and exchange.hops and exchange.error != UNFINISHED:
            self.traces.sent(
                trace_id=self.trace_id,
                name=name,
                persona=self.persona,
                sent=exchange.sent,
                latency_s=latency,
                ok=exchange.error is None,
                took_s=exchange.ended - exchange.sent,
            )

    def intended(self, sent: float) -> float:
        """The first request is meant for when the session is; a later one for when the user's own code sends it."""
        first, self.next_intended = self.next_intended, None
        return sent if first is None else first


_SESSION: ContextVar[_Session] = ContextVar("session")


class UserPlayer:
    """Makes one user of a class for every arrival: ``on_start``, so many tasks drawn by their weight, ``on_stop``."""

    def __init__(
        self, user: UserClass, environment: Environment, target: Origin, traces: SentTraces, tasks: int
    ) -> None:
        self._user = user
        self._environment = environment
        self._target = target
        self._traces = traces
        self._tasks = tasks
        self._names: set[str] = set()
        self.persona = user.persona
        ended: Any = environment.events.request  # locust's event hooks carry no types
        ended.add_listener(self._heard)

    def play(
        self, person: int, intended: float, recorder: Recorder, random: Random, think_scale: float, *, sampled: bool
    ) -> list[Outcome]:
        """Play the session of a new user; ``person`` is nobody the user's own code knows of."""
        session = _Session(self._user.name, self.persona, intended, recorder, self._traces if sampled else None, random)
        _SESSION.set(session)
        recorder.sending(intended)  # the session itself is owed, since nobody can tell when its last request ends
        try:
            self._play(session, think_scale)
        finally:
            recorder.let_go(intended)
        return session.outcomes

    def _play(self, session: _Session, think_scale: float) -> None:
        user: Any = None
        cut_off = False
        try:
            user = self._user.cls(self._environment)
            user._taskset_instance = DefaultTaskSet(user)
            if hasattr(user, "client"):
                user.client.request = self._asking(session, user.client.request)
            user.on_start()
            with _interruptible():
                _pass(user._taskset_instance, self._tasks, think_scale)
        except (StopUser, StopTest):
            pass
        except gevent.GreenletExit:  # the step of the load is over
            cut_off = True
            if session.asking is not None:
                name, sent = session.asking
                session.record(name, self._exchange(session, name, sent, monotonic(), error=UNFINISHED))
            raise
        except Exception as error:  # what the user's own code did not foresee is an error of its session
            where = line_in(Path(sys.modules[self._user.cls.__module__].__file__ or ""), error)
            kind = f"{type(error).__name__}{where}"
            session.recorder.session_broke(f"{session.journey}: (its own code)", kind, session.began)
            session.outcomes.append(Outcome("(its own code)", 0, kind, 0.0, 0))
        finally:
            if user is not None:
                if not cut_off:
                    _say_goodbye(user, session)
                _hang_up(user)

    def _asking(self, session: _Session, request: Any) -> Any:
        """The client's ``request``, watched: an answer that never comes must not go unseen. It carries a trace."""

        def watched(method: str, url: str, *given: Any, **named: Any) -> Any:
            session.trace_id, parent = traceparent(session.random, sampled=session.traces is not None)
            if not given:
                named["headers"] = {**(named.get("headers") or {}), "traceparent": parent}
            session.asking = (str(named.get("name") or url), monotonic())
            answer = request(method, url, *given, **named)
            if not named.get("catch_response"):  # else the user's code has yet to say what it thinks of the answer
                session.asking = None
            return answer

        return watched

    def _heard(self, request_type: str, name: str, response_time: float, **told: Any) -> None:
        """Locust's event of a request that ended, well or badly."""
        session = _SESSION.get(None)
        if session is None or session.journey != self._user.name:
            return
        seconds = response_time / 1000
        sent = session.asking[1] if session.asking is not None else monotonic() - seconds
        session.asking = None
        status = int(getattr(told.get("response"), "status_code", 0) or 0)
        error = _error(told.get("exception"), status)
        exchange = self._exchange(
            session, name, sent, sent + seconds, error=error, status=status, method=request_type, told=told
        )
        session.record(name, exchange)

    def _exchange(
        self,
        session: _Session,
        name: str,
        sent: float,
        ended: float,
        *,
        error: str | None,
        status: int = 0,
        method: str = "",
        told: dict[str, Any] | None = None,
    ) -> Exchange:
        said = {} if told is None else told
        url = str(said.get("url") or "")
        ours = not url.startswith(("http://", "https://")) or Origin.of(url) == self._target
        if name not in self._names and len(self._names) >= _MOST_NAMES:
            name = _OTHERS
        self._names.add(name)
        return Exchange(
            label=f"{session.journey}: {name}",
            intended=session.intended(sent),
            sent=sent,
            ended=ended,
            hops=(1 + len(getattr(said.get("response"), "history", ()) or ())) if ours else 0,
            error=error,
            writes=method in ("POST", "PUT", "PATCH", "DELETE"),
            status=status,
        )


def _error(exception: BaseException | None, status: int) -> str | None:
    if exception is None:
        return None
    if isinstance(exception, CatchResponseError):
        return str(exception)[:80]
    return f"status {status}" if status else kind_of(exception)


def _pass(taskset: Any, tasks: int, think_scale: float) -> None:
    """Carry out so many tasks of a task set; a nested one is gone through once (a sequence from end to end)."""
    for number in range(tasks):
        if number:
            gevent.sleep(taskset.wait_time() * think_scale)
        task = taskset._task_queue.popleft() if taskset._task_queue else taskset.get_next_task()
        if not (inspect.isclass(task) and issubclass(task, TaskSet)):
            taskset.execute_task(task)
            continue
        nested: Any = task(taskset.user if isinstance(taskset, DefaultTaskSet) else taskset)
        with _interruptible():
            nested.on_start()
            _pass(nested, len(nested.tasks) if isinstance(nested, SequentialTaskSet) else 1, think_scale)
        nested.on_stop()


@contextmanager
def _interruptible() -> Iterator[None]:
    """Where ``interrupt()`` leads out of a task set, the set is done with."""
    try:
        yield
    except (InterruptTaskSet, RescheduleTask, RescheduleTaskImmediately):
        return


def _say_goodbye(user: Any, session: _Session) -> None:
    try:
        user.on_stop()
    except Exception as error:
        session.recorder.session_broke(f"{session.journey}: on_stop", type(error).__name__, session.began)


def _hang_up(user: Any) -> None:
    """The connections of a user end with its session."""
    client = getattr(user, "client", None)
    close = getattr(getattr(client, "client", client), "close", None)
    if callable(close):
        close()
