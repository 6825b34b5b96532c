"""One session: a person goes through a journey."""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.parse import urljoin

import gevent

from loadtests.engine.browser import Address, Browser, Trip, quoted
from loadtests.engine.failures import kind_of
from loadtests.engine.paths import Path, Ready
from loadtests.engine.recorder import UNFINISHED, Exchange, Recorder, monotonic
from loadtests.engine.tracing import SentTraces, traceparent
from scorecard.journeys import templates
from scorecard.journeys.body import body_of
from scorecard.journeys.extraction import Answer, Missing
from scorecard.journeys.people import fresh_uuid

_SIGN_IN = re.compile(r"(?i)\b(log-?in|sign-?in|connexion|identification|authenticat\w+|authentification|sso)\b")


@dataclass(slots=True)
class Outcome:
    """How one step of one session went: what the smoke check shows."""

    label: str
    status: int
    error: str | None
    latency_s: float
    hops: int


class Visitor:
    """A person with cookies and connections of their own."""

    def __init__(
        self, target: Address, *, random: Random, values: dict[str, Any], traces: SentTraces, sampled: bool
    ) -> None:
        self._target = target
        self._base = target.uri.rstrip("/")
        self._root = f"{target.url.rstrip('/')}/"
        self._browser = Browser(target.origin)
        self._random = random
        self._values = values
        self._traces = traces
        self._sampled = sampled

    def walk(self, path: Path, intended: float, recorder: Recorder, think_scale: float) -> list[Outcome]:
        """Go through ``path``; its first request is meant to start at ``intended`` (monotonic) plus its think time.

        A later request is meant to start when the answer before it was complete plus its think time. All the
        generator needs beyond that (rendering, extraction, a late wake-up) is counted as latency: the generator can
        only make the target look worse.
        """
        outcomes: list[Outcome] = []
        try:
            for ready in path.steps:
                intended += ready.step.think * think_scale
                pause_until(intended)
                outcome, intended, goes_on = self._step(path, ready, intended, recorder)
                outcomes.append(outcome)
                if not goes_on:
                    break
        finally:
            recorder.sent_again(self._browser.again)
            self._browser.close()
        return outcomes

    def _step(self, path: Path, ready: Ready, intended: float, recorder: Recorder) -> tuple[Outcome, float, bool]:
        if ready.needs_uuid:
            self._values["uuid"] = fresh_uuid(self._random)
        trip = Trip(self._address(templates.path(ready.path, self._values)))
        trace_id, parent = traceparent(self._random, sampled=self._sampled)
        headers = {"traceparent": parent}
        for name, value in ready.headers:
            headers[name] = templates.text(value, self._values)
        body = body_of(ready.step, self._values, headers, path.contents)
        if body is not None or ready.takes_body:
            headers["Content-Length"] = str(len(body)) if body is not None else "0"

        sent = ended = monotonic()
        recorder.sending(intended)
        error: str | None = UNFINISHED
        lost = False
        try:
            self._browser.send(
                trip, ready.method, headers, body if body is not None else b"", follows=not ready.sees_redirect
            )
            ended = monotonic()
            error, lost = self._judge(ready, trip)
        except Exception as problem:
            ended = monotonic()
            error = kind_of(problem)
        except gevent.GreenletExit:  # the step of the load is over and this answer never came
            ended = monotonic()
            raise
        finally:
            recorder.answered(
                Exchange(
                    label=ready.counted_as,
                    intended=intended,
                    sent=sent,
                    ended=ended,
                    hops=trip.hops,
                    # where no hop was the target's, the other origin is what is timed
                    elsewhere=min(trip.elsewhere, ended - sent) if trip.hops else 0.0,
                    error=error,
                    writes=ready.writes,
                    status=trip.status,
                    verified=ready.step.verify and (lost or error is None),
                    lost=lost,
                    deferred=trip.status in (429, 503) and "Retry-After" in trip.headers,
                )
            )
            # a request cut off is not listed: nobody can tell whether the target ever saw it
            if self._sampled and trip.hops and error != UNFINISHED:
                self._traces.sent(
                    trace_id=trace_id,
                    name=ready.label,
                    persona=path.journey.persona,
                    sent=sent,
                    latency_s=ended - intended,
                    ok=error is None,
                )
        goes_on = error is None and trip.status == ready.expected[0]
        return Outcome(ready.label, trip.status, error, ended - intended, trip.hops), ended, goes_on

    def _address(self, path: str) -> Address:
        """A path on the target or an absolute address; others are taken from the target's root."""
        if path.startswith("/") and not path.startswith("//") and "#" not in path:
            return Address(self._target.origin, quoted(self._base + path))
        return Address.of(urljoin(self._target.url if path.startswith("//") else self._root, path))

    def _judge(self, ready: Ready, trip: Trip) -> tuple[str | None, bool]:
        """The kind of error, None when there is none, and whether something written was not found again."""
        step = ready.step
        if trip.status not in ready.expected:
            return f"status {trip.status}", step.verify and trip.status in (404, 410)
        if trip.status != ready.expected[0]:
            return None, False
        if ready.asserted:
            answer = Answer(trip.status, trip.headers, trip.content)
            if step.contains is not None and templates.text(step.contains, self._values) not in answer.text:
                return "text not found", step.verify
            for name, extract in ready.extractors.items():
                try:
                    self._values[name] = extract(answer, self._random)
                except Missing:
                    return f"{name} not found", step.verify
        elif trip.moved:
            return self._led_astray(ready, trip), False
        return None, False

    def _led_astray(self, ready: Ready, trip: Trip) -> str | None:
        """Where a redirect led that a step which says nothing of its answer cannot have meant: the answer of another
        server, or a page to sign in.
        """
        if trip.at.origin != self._target.origin:
            return f"redirected to {trip.at.origin.netloc}" if trip.hops else None
        path = trip.at.uri.partition("?")[0]
        return f"redirected to {path}" if _SIGN_IN.search(path) and not _SIGN_IN.search(ready.path) else None


def pause_until(moment: float) -> None:
    """Sleep until ``moment`` on the monotonic clock; timers that ring early are wound again."""
    while (left := moment - monotonic()) > 0:
        gevent.sleep(left)
