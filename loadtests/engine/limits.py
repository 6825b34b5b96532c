"""Limits of the operating system that a load must not meet."""

from __future__ import annotations

import resource


def allow_many_sockets() -> None:
    """Lift the soft limit of open files to the hard one: every session has a connection of its own."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
