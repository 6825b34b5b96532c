"""Whether an alert leads to a runbook that is really there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from observability.operations.alert_rules import Alert

LEAST_CHARACTERS = 200
"""A file shorter than this holds a title, not what to do: own choice."""


@dataclass(frozen=True)
class Followed:
    """Alerts without a link; with one that leads to nothing; whose link could not be followed."""

    without: tuple[Alert, ...]
    broken: tuple[Alert, ...]
    not_followed: tuple[Alert, ...]


def follow(alerts: Sequence[Alert], folder: Path | None) -> Followed:
    """Follow the link of each alert into ``folder``; without a folder no link can be followed.

    A link is an address whose last part is the name of a file there, with its ending or without.
    """
    without = tuple(alert for alert in alerts if not alert.runbook)
    linked = [alert for alert in alerts if alert.runbook]
    if folder is None:
        return Followed(without, (), tuple(linked))
    return Followed(without, tuple(alert for alert in linked if not _is_there(str(alert.runbook), folder)), ())


def _is_there(link: str, folder: Path) -> bool:
    name = unquote(urlsplit(link).path).rstrip("/").rsplit("/", 1)[-1]
    if not name or name in (".", ".."):
        return False
    candidates = [*folder.rglob(name), *folder.rglob(f"{name}.md")] if _is_plain(name) else []
    return any(path.is_file() and path.stat().st_size >= LEAST_CHARACTERS for path in candidates)


def _is_plain(name: str) -> bool:
    return not set("*?[]") & set(name)
