"""Plain Locust: ``FastHttpUser`` in a closed loop, as fast as it can, with the statistics that Locust keeps.

``plain_users.py URL SECONDS REQUESTS`` makes a new user, with cookies and a connection of its own, for every so many
requests, as sessions of the load have; Locust checks that the status is a good one. It prints requests per processor
second and requests per second.
"""

from __future__ import annotations

import sys
import time

import gevent
from locust import FastHttpUser
from locust.env import Environment

_AT_ONCE = 8


class Plain(FastHttpUser):
    """A user that is driven from outside."""

    abstract = True


def main(url: str, seconds: float, requests: int) -> None:
    Plain.host = url
    environment = Environment(host=url)
    environment.create_local_runner()
    done = 0
    ends = time.perf_counter() + seconds

    def sessions() -> None:
        nonlocal done
        while time.perf_counter() < ends:
            user = Plain(environment)
            for _ in range(requests):
                user.client.get("/")
                done += 1
            user.client.client.close()

    cpu, wall = time.process_time(), time.perf_counter()
    gevent.joinall([gevent.spawn(sessions) for _ in range(_AT_ONCE)])
    assert not environment.stats.errors, environment.stats.errors
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    print(done / cpu, done / wall)  # noqa: T201 (what it is started for)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]))
