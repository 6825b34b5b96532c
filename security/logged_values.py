"""Values that were typed, looked for in what the service printed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from scorecard.evidence import Text
from scorecard.personal_data import Kind, spellings

LOG_LIMIT = 64 * 1024 * 1024
_CHUNK = 1024 * 1024


def held_in_log(log: Path, typed: Mapping[str, Kind]) -> tuple[dict[str, Kind], Text | None, int]:
    """Values that the log holds, why it cannot be read whole (None when it can), and the bytes read."""
    wanted = {value: [spelling.encode() for spelling in spellings(value)] for value in typed}
    longest = max((len(one) for ways in wanted.values() for one in ways), default=1)
    found: dict[str, Kind] = {}
    read, tail = 0, b""
    try:
        with log.open("rb") as file:
            while chunk := file.read(min(_CHUNK, LOG_LIMIT - read)):
                read += len(chunk)
                window = tail + chunk
                found |= {v: typed[v] for v, ways in wanted.items() if any(way in window for way in ways)}
                tail = window[-longest:]
            whole = not file.read(1)
    except OSError:
        return {}, _NO_LOG, 0
    return found, None if whole else _LONG_LOG, read


_NO_LOG = Text(
    en="the service was not started by this run, so what it logs was not seen",
    fr="le service n’a pas été démarré par cette évaluation, ce qu’il journalise n’a donc pas été vu",
)
_LONG_LOG = Text(
    en=f"the log is longer than {LOG_LIMIT // 1024 // 1024} MB and was not read to its end",
    fr=f"le journal dépasse {LOG_LIMIT // 1024 // 1024} Mo et n’a pas été lu jusqu’au bout",
)
