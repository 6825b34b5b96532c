"""Progress of a run: a live bar on a terminal, a line a stage elsewhere, nothing with --quiet."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from scorecard.evidence import Evidence, Status, Text

LINE_EVERY_S = 10.0
"""Seconds between two lines of a long stage when the output is no terminal."""

_WORDS = {
    Status.COMPLETED: Text(en="done", fr="terminé"),
    Status.DEGRADED: Text(en="incomplete", fr="incomplet"),
    Status.SKIPPED: Text(en="not looked at", fr="non examiné"),
    Status.ERROR: Text(en="failed", fr="en échec"),
}


@dataclass(frozen=True)
class Stage:
    """A part of a run: what it is called and how many seconds it is expected to take."""

    id: str
    title: Text
    expected_s: float


class Reporter:
    """Shows which stage runs and how long is left in all; every method is cheap enough to be called each second."""

    def __init__(self, console: Console, lang: str, stages: Sequence[Stage], *, quiet: bool) -> None:
        self._console = console
        self._lang = lang
        self._stages = list(stages)
        self._quiet = quiet
        self._current = 0
        self._stage_began = time.monotonic()
        self._last_line = 0.0
        self._bar: Progress | None = None
        self._task = TaskID(0)

    @contextmanager
    def live(self) -> Iterator[None]:
        """Draw the bar while the block runs."""
        if self._quiet or not self._console.is_terminal:
            yield
            return
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("[bold]{task.fields[stage]}[/bold]"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[left]}"),
            TimeElapsedColumn(),
            TextColumn("{task.description}", markup=False),
            console=self._console,
            transient=True,
        )
        with self._bar:
            self._task = self._bar.add_task("", total=1.0, stage="", left="")
            yield
        self._bar = None

    def begin(self, stage_id: str) -> None:
        """Stage ``stage_id`` starts."""
        self._current = next(i for i, s in enumerate(self._stages) if s.id == stage_id)
        self._stage_began = self._last_line = time.monotonic()
        self.update(self._stages[self._current].title, 0.0, None)
        if not self._quiet and self._bar is None:
            self._print(f"{self._stages[self._current].title.in_(self._lang)} … {self._left(0.0, None)}")

    def update(self, doing: Text, fraction: float, remaining_s: float | None) -> None:
        """The running stage is at ``fraction`` (0 to 1) and says it needs ``remaining_s`` more seconds, if it knows."""
        if self._quiet:
            return
        left = self._left(fraction, remaining_s)
        if self._bar is not None:
            total = sum(s.expected_s for s in self._stages)
            done = sum(s.expected_s for s in self._stages[: self._current])
            done += min(1.0, fraction) * self._stages[self._current].expected_s
            self._bar.update(
                self._task,
                completed=done / total if total > 0 else 0.0,
                stage=f"{self._current + 1}/{len(self._stages)}",
                left=left,
                description=doing.in_(self._lang),
            )
        elif time.monotonic() - self._last_line >= LINE_EVERY_S:
            self._last_line = time.monotonic()
            self._print(f"{doing.in_(self._lang)} … {left}")

    def end(self, evidence: Evidence, *, seconds: float | None = None) -> None:
        """The running stage gave ``evidence``, after ``seconds`` when it did not begin with the stage."""
        if self._quiet:
            return
        if seconds is None:
            seconds = time.monotonic() - self._stage_began
        colon = "\u00a0: " if self._lang == "fr" else ": "
        reason = f"{colon}{evidence.reason.in_(self._lang)}" if evidence.reason is not None else ""
        word = _WORDS[evidence.status].in_(self._lang)
        title = self._stages[self._current].title.in_(self._lang)
        shown = f"{seconds:.1f}".replace(".", "," if self._lang == "fr" else ".")
        self._print(f"{title}{colon}{word}, {shown} s{reason}")

    def _print(self, line: str) -> None:
        self._console.print(f"[{self._current + 1}/{len(self._stages)}] {line}", markup=False, highlight=False)

    def _left(self, fraction: float, remaining_s: float | None) -> str:
        stage = self._stages[self._current]
        here = remaining_s if remaining_s is not None else stage.expected_s * max(0.0, 1.0 - fraction)
        seconds = here + sum(s.expected_s for s in self._stages[self._current + 1 :])
        minutes, rest = divmod(max(0, round(seconds)), 60)
        clock = f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
        return f"≈ {clock} restantes" if self._lang == "fr" else f"about {clock} left"
