"""The load generator seen from outside: started, given orders, made larger when it is too small."""

from __future__ import annotations

import base64
import contextlib
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from loadtests.engine.orders import TIMEOUT_S, Order
from loadtests.engine_process import LOG, EngineProcess, GeneratorError, engine_process
from scorecard.journeys import JourneyError
from scorecard.journeys.body import read_files
from scorecard.project_journeys import Journey
from scorecard.site import Site, is_local

__all__ = ["LOG", "TRACES", "Generator", "GeneratorError", "Means", "generator", "means_of"]

_START_TIMEOUT_S = 60.0
_SPARE_S = 20.0
BUSY = 0.7
"""Share of a core above which a generator process is given company: it starts to send late (Locust warns at 90 %)."""
TRACES = "sent-traces.jsonl"


@dataclass(frozen=True)
class Means:
    """What the load is made with.

    Attributes:
        processes: processes of this machine that play the load; None for as many as it takes, up to ``most``.
        most: most processes that are started unasked.
        busy: share of a core above which a process is given company.
        listen: host and port where workers on other machines join, instead of processes here; None for none.
        workers: how many of them are waited for.
        join_s: longest wait for them.
        root: folder that the uploads of the journeys are named from.
        locustfile: the project's own locustfile, whose users are the journeys; None for journeys of steps.
        tasks: tasks that a user of it carries out in a session.
    """

    processes: int | None = None
    most: int = 1
    busy: float = BUSY
    listen: tuple[str, int] | None = None
    workers: int = 0
    join_s: float = 300.0
    root: Path = Path()
    locustfile: Path | None = None
    tasks: int = 1


def means_of(site: Site) -> Means:
    """What the load on ``site`` is made with.

    A service on this machine keeps half of the cores for itself, unless the project file says how many processes.
    """
    load = site.project.load
    cores = len(os.sched_getaffinity(0))
    shares = site.url is not None and is_local(site.url)
    return Means(
        processes=load.processes,
        most=max(1, cores // 2) if shares else cores,
        listen=None if site.workers is None else (site.workers.host, site.workers.port),
        workers=0 if site.workers is None else site.workers.count,
        root=site.root,
        locustfile=None if load.locustfile is None else site.path(load.locustfile),
        tasks=load.tasks,
    )


class Generator:
    """A running load generator."""

    def __init__(self, launch: Callable[[int, Mapping[str, int]], tuple[EngineProcess, str]], means: Means) -> None:
        self._launch = launch
        self._means = means
        self._come: dict[str, int] = {}
        self._cost_s: float | None = None
        self.processes = means.processes if means.processes is not None else 1
        self._engine, self.locust = launch(self.processes, self._come)

    def smoke(self, journey: Journey, think_scale: float) -> dict[str, Any]:
        """Send one visitor through ``journey`` with no other load. Raises GeneratorError."""
        longest = sum(step.think * think_scale + TIMEOUT_S for step in journey.session) * self._means.tasks + _SPARE_S
        message = {"do": "smoke", "journey": journey.name, "think_scale": think_scale}
        return self._kept(self._engine.ask(message, "smoke", longest))

    def step(self, order: Order, beat: Callable[[], None]) -> dict[str, Any]:
        """Carry out one step of the load and return its raw report; ``beat`` is called about once a second.

        Where the step would keep a process busy for more than 70 % of a core, and nobody said how many there are to
        be, more are started first.

        Raises:
            GeneratorError: the generator died or did not end in time.
        """
        sessions = sum(order.rates.values()) * max((factor for _, factor in order.course), default=1.0)
        self._grow(sessions)
        longest = order.warm_up_s + order.duration_s + order.drain_s + _SPARE_S
        report = self._kept(self._engine.ask({"do": "step", **asdict(order)}, "step", longest, beat))
        used = sum(one["cpu"] for one in report["processes"])
        started = report["counts"].get("sessions", 0)
        if started and report["window_s"]:
            self._cost_s = used * report["window_s"] / started
        return report

    @property
    def pid(self) -> int:
        """Process id of the generator."""
        return self._engine.pid

    def _grow(self, sessions_per_s: float) -> None:
        if self._means.processes is not None or self._means.listen is not None or self._cost_s is None:
            return
        wanted = min(self._means.most, math.ceil(self._cost_s * sessions_per_s / self._means.busy))
        if wanted > self.processes:
            self._engine.kill()
            self._engine, self.locust = self._launch(wanted, self._come)
            self.processes = wanted

    def _kept(self, answer: dict[str, Any]) -> dict[str, Any]:
        self._come = answer["come"]
        return answer


@contextlib.contextmanager
def generator(
    target: str,
    journeys: Sequence[Journey],
    populations: Mapping[str, int],
    folder: Path,
    seed: int,
    means: Means | None = None,
) -> Iterator[Generator]:
    """A load generator against ``target`` for as long as the block lasts.

    It runs in ``folder``, where it leaves its log and the list of sampled requests. It is killed with all it started
    on every way out.

    Raises:
        GeneratorError: it did not start, a journey uses a value nobody gives, or too few workers joined.
    """
    chosen = Means() if means is None else means
    (folder / LOG).unlink(missing_ok=True)
    try:
        contents = read_files(journeys, chosen.root)
    except JourneyError as error:
        raise GeneratorError(str(error)) from error
    setup = {
        "do": "set up",
        "target": target,
        "journeys": [_portable(journey) for journey in journeys],
        "populations": dict(populations),
        "traces": str((folder / TRACES).absolute()),
        "listen": chosen.listen,
        "join_s": chosen.join_s,
        "contents": {name: base64.b64encode(content).decode() for name, content in contents.items()},
        "locustfile": None if chosen.locustfile is None else source_of(chosen.locustfile),
        "tasks": chosen.tasks,
    }
    with contextlib.ExitStack() as stack:

        def launch(processes: int, come: Mapping[str, int]) -> tuple[EngineProcess, str]:
            engine = stack.enter_context(engine_process(target, folder, says_goodbye=chosen.listen is not None))
            wait_s = _START_TIMEOUT_S + (chosen.join_s if chosen.listen is not None else 0.0)
            joining = processes if chosen.listen is None else chosen.workers
            # another seed for every launch: the arrivals of the one before are not to come again
            message = setup | {"processes": joining, "come": dict(come), "seed": f"{seed}/{processes}"}
            return engine, engine.ask(message, "ready", wait_s)["locust"]

        yield Generator(launch, chosen)


def source_of(locustfile: Path) -> dict[str, str]:
    """A locustfile as the generator is told of it. Raises GeneratorError when it cannot be read."""
    try:
        source = locustfile.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise GeneratorError(f"{locustfile.name} cannot be read ({reason})") from error
    return {"name": locustfile.name, "path": str(locustfile.absolute()), "source": source}


def _portable(journey: Journey) -> dict[str, Any]:
    """The journey as a project file would hold it: durations are words there."""
    document = journey.model_dump(mode="json", by_alias=True, exclude_unset=True)
    for step in document["steps"]:
        if "think" in step:
            step["think"] = f"{step['think']:.6f} s"
    return document
