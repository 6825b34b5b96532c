"""What ends a command early, with one clear line and exit code 2."""

from __future__ import annotations

from pathlib import Path

from scorecard.evidence import Text


class CommandError(Exception):
    """The command cannot do what was asked; ``text`` says what and where, in both languages."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


class Interrupted(BaseException):
    """The user or the system asked the command to stop (SIGINT, SIGTERM, SIGHUP).

    Not a KeyboardInterrupt, which the library that reads the options would turn into exit code 130 by itself; not an
    Exception, so that no collector can take it for a failure of its own. ``kept`` is the run, if one began.
    """

    kept: Path | None = None
