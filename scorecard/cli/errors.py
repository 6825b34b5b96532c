"""What ends a command early, with one clear line and exit code 2."""

from __future__ import annotations

from scorecard.evidence import Text


class CommandError(Exception):
    """The command cannot do what was asked; ``text`` says what and where, in both languages."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text
