"""When a job that failed is tried again: after a delay that grows, up to a limit, so many times and no more."""

from __future__ import annotations

from asyncio import CancelledError
from dataclasses import dataclass
from datetime import timedelta

from procrastinate import BaseRetryStrategy, RetryDecision
from procrastinate.jobs import Job

from reference_app.errors import ReferenceAppError

_GOLDEN = 0.6180339887498949
"""Multiples of it, without their whole part, lie evenly between 0 and 1: jobs that failed together come back apart."""


class Abandoned(ReferenceAppError):  # noqa: N818 (named for what happens to the job)
    """Another attempt would end the same way: the job is over, and listed with those that failed."""


@dataclass(frozen=True)
class Growing(BaseRetryStrategy):
    """Twice the delay at each attempt, from ``first`` up to ``most``, spread by a fifth; ``attempts`` in all.

    A job that was cut short because its worker stops is done again at once, and that counts as an attempt too.
    """

    first: timedelta = timedelta(seconds=10)
    most: timedelta = timedelta(hours=1)
    attempts: int = 10

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """When to try again; None when there is no next time."""
        if isinstance(exception, Abandoned) or job.attempts + 1 >= self.attempts:
            return None
        if isinstance(exception, CancelledError):
            return RetryDecision(retry_in={"seconds": 0})
        return RetryDecision(retry_in={"seconds": round(self.delay_s(job.attempts, job.id if job.id else 0))})

    def delay_s(self, attempts: int, job: int) -> float:
        """Seconds after failure number ``attempts`` (from 0) of ``job``."""
        grown = min(self.most.total_seconds(), self.first.total_seconds() * 2.0 ** min(attempts, 30))
        return grown * (0.8 + 0.4 * (job * _GOLDEN % 1.0))


PATIENT = Growing()
"""For what depends on others: about three hours of attempts (10 s, 20 s, 40 s, ... 1 h)."""
