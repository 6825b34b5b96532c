"""What the master and the workers of a load say to each other over Locust's connection."""

from __future__ import annotations

from importlib import metadata

HELLO = "portance.hello"
SETUP = "portance.setup"
READY = "portance.ready"
SMOKE = "portance.smoke"
STEP = "portance.step"
SET = "portance.set"
GO = "portance.go"
BEAT = "portance.beat"
STOP = "portance.stop"
REPORT = "portance.report"
ERROR = "portance.error"

FROM_WORKERS = (READY, SMOKE, SET, BEAT, REPORT, ERROR)


def own_version() -> str:
    """The version that is installed: a master and its workers must have the same."""
    return metadata.version("portance")
