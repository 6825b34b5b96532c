"""Further copies of the service under test, beside the one that is looked at: with more workers, or more data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from scorecard.cli.service import running
from scorecard.site import Copy, Site, StartCopy


def copies(site: Site, environment: Mapping[str, str]) -> StartCopy | None:
    """What starts another copy of the service of ``site``; None where the project file gives no command to start it.

    A copy listens on a port of its own and leaves its own log; ServiceError says why one does not start.
    """
    if site.project.target.start is None:
        return None

    @contextmanager
    def start(workers: int) -> Iterator[Copy]:
        target = site.project.target.model_copy(update={"workers": workers})
        project = site.project.model_copy(update={"target": target})
        folder = site.raw("service")
        log = folder / f"copy-{len(list(folder.glob('copy-*.log'))) + 1}.log"
        with running(project, site.root, log, extra_env=environment) as service:
            yield Copy(service.url, service.pids())

    return start
