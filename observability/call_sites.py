"""Where in the service's own code a call is made: the file and the line that would be mended."""

from __future__ import annotations

import sys
import sysconfig
from functools import lru_cache
from pathlib import Path
from types import CodeType

FILE, LINE = "code.file.path", "code.line.number"
"""Attributes of OpenTelemetry's semantic conventions (code attributes, stable since 1.33)."""

_HERE = str(Path(__file__).parent)
_NOT_OWN = tuple(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib"))
_PARTS = 3


def here() -> dict[str, str | int]:
    """File and line of the innermost frame that is the service's own; nothing where all are of libraries.

    A walk up costs about a microsecond, so it is for spans that are kept.
    """
    frame = sys._getframe(1)
    while True:
        path = _own(frame.f_code.co_filename)
        if path is not None:
            return {FILE: path, LINE: frame.f_lineno}
        if frame.f_back is None:
            return {}
        frame = frame.f_back


def of_code(code: CodeType) -> dict[str, str | int]:
    """File and first line of a function; nothing where it is of a library."""
    path = _own(code.co_filename)
    return {} if path is None else {FILE: path, LINE: code.co_firstlineno}


@lru_cache(maxsize=4096)
def _own(file: str) -> str | None:
    """The path to show of a file of the service, None for one of a library, of Python, or made at run time."""
    if file.startswith(("<", _HERE, *_NOT_OWN)) or "site-packages" in file or "dist-packages" in file:
        return None
    path = Path(file)
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        # Outside the folder the service was started in: its end says which file it is, its beginning whose machine.
        return str(Path(*path.parts[-_PARTS:]))
