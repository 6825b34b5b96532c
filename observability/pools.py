"""The pools of connections a service watches: who waits how long, who keeps how long, how many are there.

Names are those of OpenTelemetry's conventions for database clients (``db.client.connection.*``).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from time import perf_counter
from typing import Any, Protocol

from observability.histograms import Histogram

_replaced: list[tuple[Any, str]] = []

_WAITS_S = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Pool(Protocol):
    """A pool of psycopg, asynchronous or not."""

    def getconn(self, timeout: float | None = None) -> Any: ...

    def putconn(self, conn: Any) -> Any: ...

    def get_stats(self) -> dict[str, int]: ...


def histograms(pools: Mapping[str, Pool]) -> tuple[Histogram, ...]:
    """What waits for connections and uses of them are recorded in; nothing without pools."""
    if not pools:
        return ()
    names = ("db.client.connection.pool.name",)
    return (
        Histogram(
            "db.client.connection.wait_time",
            "Time to obtain a connection from the pool, or to give up.",
            _WAITS_S,
            names,
        ),
        Histogram(
            "db.client.connection.use_time",
            "Time between borrowing a connection and giving it back.",
            _WAITS_S,
            names,
        ),
    )


def watch_all(meter: Any, pools: Mapping[str, Pool], recorded: Sequence[Histogram]) -> None:
    """Record each wait for a connection and each use of one, and tell the size of the pools when asked."""
    if not pools:
        return
    waits, uses = recorded
    for name, pool in pools.items():
        _watch(pool, waits.record, uses.record, name)
    up_down, counter = meter.create_observable_up_down_counter, meter.create_observable_counter
    up_down("db.client.connection.count", [_observed(pools, _counts)], "{connection}", "Connections by state.")
    up_down("db.client.connection.max", [_observed(pools, _most)], "{connection}", "Most connections allowed.")
    up_down("db.client.connection.pending_requests", [_observed(pools, _pending)], "{request}", "Who waits for one.")
    counter("db.client.connection.timeouts", [_observed(pools, _refused)], "{timeout}", "Waits that got no connection.")


def leave_all() -> None:
    """Put the methods of the pools back."""
    while _replaced:
        pool, name = _replaced.pop()
        delattr(pool, name)


Record = Callable[[float, str], None]


def _watch(pool: Pool, waited: Record, used: Record, name: str) -> None:
    take, give_back = pool.getconn, pool.putconn
    since: dict[int, float] = {}

    def taken(connection: Any) -> Any:
        since[id(connection)] = perf_counter()
        return connection

    def given_back(connection: Any) -> None:
        began = since.pop(id(connection), None)
        if began is not None:
            used(perf_counter() - began, name)

    async def take_async(timeout: float | None = None) -> Any:  # noqa: ASYNC109 (the pool's own signature)
        began = perf_counter()
        try:
            return taken(await take(timeout))
        finally:
            waited(perf_counter() - began, name)

    async def give_back_async(connection: Any) -> None:
        given_back(connection)
        await give_back(connection)

    def take_now(timeout: float | None = None) -> Any:
        began = perf_counter()
        try:
            return taken(take(timeout))
        finally:
            waited(perf_counter() - began, name)

    def give_back_now(connection: Any) -> None:
        given_back(connection)
        give_back(connection)

    asynchronous = inspect.iscoroutinefunction(take)
    _replace(pool, "getconn", take_async if asynchronous else take_now)
    _replace(pool, "putconn", give_back_async if asynchronous else give_back_now)


def _replace(pool: Pool, name: str, method: Callable[..., Any]) -> None:
    setattr(pool, name, method)
    _replaced.append((pool, name))


Stats = Mapping[str, int]


def _counts(stats: Stats) -> Iterator[tuple[int, dict[str, str]]]:
    idle = stats.get("pool_available", 0)
    yield stats.get("pool_size", 0) - idle, {"db.client.connection.state": "used"}
    yield idle, {"db.client.connection.state": "idle"}


def _most(stats: Stats) -> Iterator[tuple[int, dict[str, str]]]:
    yield stats.get("pool_max", 0), {}


def _pending(stats: Stats) -> Iterator[tuple[int, dict[str, str]]]:
    yield stats.get("requests_waiting", 0), {}


def _refused(stats: Stats) -> Iterator[tuple[int, dict[str, str]]]:
    yield stats.get("requests_errors", 0), {}


def _observed(
    pools: Mapping[str, Pool], read: Callable[[Stats], Iterable[tuple[int, dict[str, str]]]]
) -> Callable[[Any], Any]:
    """What the SDK calls when it collects."""
    from opentelemetry.metrics import Observation

    def observe(_options: Any) -> Iterator[Any]:
        for name, pool in pools.items():
            for value, attributes in read(pool.get_stats()):
                yield Observation(value, {**attributes, "db.client.connection.pool.name": name})

    return observe
