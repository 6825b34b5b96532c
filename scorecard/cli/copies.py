"""Further copies of the service under test, beside the one that is looked at: with more workers, or more data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from scorecard.cli.service import ServiceError, running
from scorecard.site import Copy, CopyError, Site, StartCopy


def copies(site: Site, environment: Mapping[str, str]) -> StartCopy | None:
    """What starts another copy of the service of ``site``; None where the project file gives no command to start it.

    A copy listens on a port of its own and leaves its own log.
    """
    if site.project.target.start is None:
        return None

    @contextmanager
    def start(workers: int) -> Iterator[Copy]:
        target = site.project.target.model_copy(update={"workers": workers})
        project = site.project.model_copy(update={"target": target})
        folder = site.raw("service")
        log = folder / f"copy-{len(list(folder.glob('copy-*.log'))) + 1}.log"
        with ExitStack() as stack:
            try:
                service = stack.enter_context(running(project, site.root, log, extra_env=environment))
            except ServiceError as error:
                raise CopyError(error.text) from error
            yield Copy(service.url, service.pids())

    return start
