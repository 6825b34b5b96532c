"""A sweep: one tool over all the files of a tree, in batches, with an account of what it did not read."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from scorecard.evidence import Text
from scorecard.site import Site
from security.tool import Finished, Tool, ToolError, run
from security.tree import Gap, Tree, incomplete

Report = dict[str, Any]


@dataclass(frozen=True)
class Swept:
    """What a sweep gave.

    Attributes:
        reports: one of each batch that was read.
        gaps: every file that was not audited, those of the tree and those of the tool.
        read: number of files that were.
    """

    reports: tuple[Report, ...]
    gaps: tuple[Gap, ...]
    read: int

    @property
    def gap(self) -> Text | None:
        """What was not audited, in one sentence; None when everything was."""
        return incomplete(list(self.gaps), self.read)


def sweep(
    site: Site,
    tree: Tree,
    tool: Tool,
    arguments: tuple[str, ...],
    read: Callable[[Tool, Finished], Report],
    unread: Callable[[list[str], Report], Iterator[Gap]],
    *,
    doing: Text,
    timeout_s: float,
    size: int = 400,
    env: Mapping[str, str | None] | None = None,
) -> Swept:
    """Reports of ``tool`` over ``tree``, and an account of every file of it.

    ``read`` makes a report of a finished run or raises; ``unread`` says which files of a batch a report leaves out.
    A batch of at most ``size`` files that fails makes gaps of them and the rest goes on, within ``timeout_s`` seconds
    in all.

    Raises:
        ToolError: not one batch gave a report.
    """
    reports: list[Report] = []
    gaps: list[Gap] = []
    end, done = time.monotonic() + timeout_s, 0
    failure: ToolError | None = None
    for batch in _batches(tree, count=size):
        share = done / len(tree.files)
        site.progress(doing, share, None)
        if time.monotonic() > end:
            failure = failure or ToolError(_no_time_left(tool, timeout_s))
            gaps += [Gap(file, _no_time_left(tool, timeout_s)) for file in tree.files[done:]]
            break
        names = [f"./{file}" for file in batch]  # a name may begin with a dash
        try:
            finished = run(
                tool,
                (*arguments, *names),
                cwd=tree.root,
                timeout_s=max(end - time.monotonic(), 0.1),
                tick=partial(site.progress, doing, share, None),
                env=env,
            )
            report = read(tool, finished)
        except ToolError as error:
            failure = failure or error
            gaps += [Gap(file, error.text) for file in batch]
        else:
            reports.append(report)
            gaps += unread(batch, report)
        done += len(batch)
    if failure is not None and not reports:
        raise failure
    return Swept(tuple(reports), (*tree.gaps, *gaps), len(tree.files) - len({gap.path for gap in gaps}))


def _batches(tree: Tree, *, count: int, characters: int = 60_000, weight: int = 4 * 1024 * 1024) -> Iterator[list[str]]:
    """The files in lists short enough for one command line, and light enough that one soon gives its report.

    So the memory of a tool stays bounded, and what it did not get to is less than a batch.
    """
    batch: list[str] = []
    length = heavy = 0
    for file in tree.files:
        size = _size(tree.root / file)
        if batch and (len(batch) >= count or length + len(file) > characters or heavy + size > weight):
            yield batch
            batch, length, heavy = [], 0, 0
        batch.append(file)
        length += len(file)
        heavy += size
    if batch:
        yield batch


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _no_time_left(tool: Tool, timeout_s: float) -> Text:
    return Text(
        en=f"no time was left for {tool.name} to read it ({timeout_s:.0f} s in all)",
        fr=f"il ne restait plus de temps à {tool.name} pour le lire ({timeout_s:.0f} s en tout)",
    )
