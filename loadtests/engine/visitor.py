"""One session: a person goes through a journey on Locust's FastHttpUser."""

from __future__ import annotations

import errno
import http.cookiejar
import json
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import gevent
from geventhttpclient.response import HTTPConnectionClosed, HTTPParseError
from geventhttpclient.useragent import RetriesExceeded
from locust.contrib.fasthttp import FastHttpUser, FastResponse
from locust.env import Environment

from loadtests.engine.orders import TIMEOUT_S
from loadtests.engine.recorder import UNFINISHED, Exchange, Recorder, monotonic
from loadtests.engine.tracing import SentTraces, traceparent
from scorecard.journeys import templates
from scorecard.journeys.extraction import Answer, Extractor, Missing, compile_extractors
from scorecard.journeys.people import fresh_uuid
from scorecard.project import Journey, Step
from scorecard.site import is_local

_ANY_STATUS = frozenset(range(100, 600))


@dataclass(frozen=True)
class Ready:
    """A step made ready: what would be worked out anew for every request is worked out once."""

    step: Step
    method: str
    path: str
    label: str
    counted_as: str
    expected: tuple[int, ...]
    sees_redirect: bool
    needs_uuid: bool
    writes: bool
    extractors: Mapping[str, Extractor]

    @classmethod
    def of(cls, journey: Journey, step: Step) -> Ready:
        """Make a step ready. Raises JourneyError for a wrong expression."""
        return cls(
            step=step,
            method=step.method,
            path=step.path,
            label=step.label,
            counted_as=f"{journey.name}: {step.label}",
            expected=step.expected,
            # a step that expects a redirect wants to see it; any other follows it as a browser does
            sees_redirect=any(300 <= status < 400 for status in step.expected),
            needs_uuid="uuid" in templates.used(step),
            writes=step.method not in ("GET", "HEAD", "OPTIONS"),
            extractors=compile_extractors(step.extract),
        )


@dataclass(frozen=True)
class Path:
    """A journey made ready."""

    journey: Journey
    steps: tuple[Ready, ...]
    uses: frozenset[str]

    @classmethod
    def of(cls, journey: Journey) -> Path:
        """Make a journey ready. Raises JourneyError when it uses a value nobody gives or a wrong expression."""
        templates.check(journey)
        return cls(
            journey=journey,
            steps=tuple(Ready.of(journey, step) for step in journey.steps),
            uses=frozenset(name for step in journey.steps for name in templates.used(step)),
        )


@dataclass(slots=True)
class Outcome:
    """How one step of one session went: what the smoke check shows."""

    label: str
    status: int
    error: str | None
    latency_s: float
    hops: int


class Visitor(FastHttpUser):
    """A session with its own cookies and connection; abstract, so that only the pump makes any."""

    abstract = True
    network_timeout = TIMEOUT_S
    connection_timeout = TIMEOUT_S
    max_redirects = 10
    concurrency = 1
    # a certificate that fails is a finding, not something to look away from
    insecure = False

    def __init__(
        self, environment: Environment, *, random: Random, values: dict[str, Any], traces: SentTraces, sampled: bool
    ) -> None:
        super().__init__(environment)
        self._random = random
        self._values = values
        self._traces = traces
        self._sampled = sampled
        self._target = origin(self.host or "")
        # statuses are judged here, step by step; the agent would decode the body of every error to describe it.
        # The attribute is public and read on the instance, but declared for the class.
        setattr(self.client.client, "valid_response_codes", _ANY_STATUS)  # noqa: B010
        if is_local(self.host or ""):
            # browsers hold a loopback address for trustworthy and send it "Secure" cookies over http
            self.client.cookiejar.set_policy(
                http.cookiejar.DefaultCookiePolicy(secure_protocols=("https", "wss", "http"))
            )

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
                outcome, intended, goes_on = self._step(path.journey, ready, intended, recorder)
                outcomes.append(outcome)
                if not goes_on:
                    break
        finally:
            self.client.client.close()
        return outcomes

    def _step(self, journey: Journey, ready: Ready, intended: float, recorder: Recorder) -> tuple[Outcome, float, bool]:
        step = ready.step
        if ready.needs_uuid:
            self._values["uuid"] = fresh_uuid(self._random)
        url, ours = self._address(templates.path(ready.path, self._values))
        trace_id, parent = traceparent(self._random, sampled=self._sampled)
        headers = {"traceparent": parent} | {k: templates.text(v, self._values) for k, v in step.headers.items()}
        body = _body(step, self._values, headers)

        started_at = time.time()
        sent = ended = monotonic()
        recorder.sending(sent, intended)
        error: str | None = UNFINISHED
        status, hops, elsewhere, lost, deferred = 0, int(ours), 0.0, False, False
        try:
            with self.client.request(
                ready.method,
                url,
                name=ready.label,
                data=body,
                headers=headers,
                catch_response=True,
                max_redirects=0 if ready.sees_redirect else self.max_redirects,
            ) as response:
                ended = monotonic()
                raw: FastResponse = response.request_meta["response"]
                failure = response.request_meta["exception"]
                status = raw.status_code
                deferred = status in (429, 503) and "Retry-After" in (raw.headers or {})
                hops, elsewhere = self._hops(url, ours, raw, ended - sent)
                if failure is not None:
                    error = kind_of(failure)
                else:
                    error, lost = self._judge(ready, Answer(status, raw.headers or {}, raw.content or b""))
                if error is None:
                    response.success()
                else:
                    response.failure(error)
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
                    hops=hops,
                    elsewhere=elsewhere,
                    error=error,
                    writes=ready.writes,
                    status=status,
                    verified=step.verify and (lost or error is None),
                    lost=lost,
                    deferred=deferred,
                )
            )
            # a request cut off is not listed: nobody can tell whether the target ever saw it
            if self._sampled and hops and error != UNFINISHED:
                self._traces.sent(
                    trace_id=trace_id,
                    name=ready.label,
                    persona=journey.persona,
                    start=started_at,
                    latency_s=ended - intended,
                    ok=error is None,
                )
        goes_on = error is None and status == ready.expected[0]
        return Outcome(ready.label, status, error, ended - intended, hops), ended, goes_on

    def _address(self, path: str) -> tuple[str, bool]:
        """The URL of a path on the target or of an absolute address, and whether it is the target's."""
        base = self.host or ""
        if path.startswith("/"):
            return base + path, True
        url = urljoin(base + "/", path)
        return url, origin(url) == self._target

    def _judge(self, ready: Ready, answer: Answer) -> tuple[str | None, bool]:
        """The kind of error, None when there is none, and whether something written was not found again."""
        step = ready.step
        if answer.status not in ready.expected:
            return f"status {answer.status}", step.verify and answer.status in (404, 410)
        if answer.status != ready.expected[0]:
            return None, False
        if step.contains is not None and templates.text(step.contains, self._values) not in answer.text:
            return "text not found", step.verify
        for name, extract in ready.extractors.items():
            try:
                self._values[name] = extract(answer, self._random)
            except Missing:
                return f"{name} not found", step.verify
        return None, False

    def _hops(self, url: str, ours: bool, response: FastResponse, total_s: float) -> tuple[int, float]:
        """Requests that reached the target along the redirects, and the seconds spent at other origins."""
        history = getattr(response, "history", None)
        if not history:  # answered at once, or not at all
            return int(ours), 0.0
        hops, elsewhere = 0, 0.0
        chain = [(one.elapsed, one.headers.get("location")) for one in history] + [(response.elapsed, None)]
        for elapsed, location in chain:
            if origin(url) == self._target:
                hops += 1
            elif elapsed is not None:
                elsewhere += elapsed.total_seconds()
            url = urljoin(url, str(location)) if location is not None else url
        return hops, min(elsewhere, total_s) if hops else 0.0


def pause_until(moment: float) -> None:
    """Sleep until ``moment`` on the monotonic clock; timers that ring early are wound again."""
    while (left := moment - monotonic()) > 0:
        gevent.sleep(left)


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port of a URL: what tells one server from another (RFC 6454)."""
    parts = urlsplit(url)
    port = parts.port if parts.port is not None else {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname or "", port


def kind_of(error: BaseException) -> str:
    """The kind of a failure, in a few stable words that can be counted."""
    original = getattr(error, "original", None)
    if isinstance(original, BaseException):
        return kind_of(original)
    match error:
        case RetriesExceeded():
            return "too many redirects" if "Redirection" in str(error) else "timeout"
        case TimeoutError() | gevent.Timeout():
            return "timeout"
        case ssl.SSLError():
            return "certificate" if isinstance(error, ssl.SSLCertVerificationError) else "tls"
        case ConnectionRefusedError():
            return "connection refused"
        case ConnectionError():
            return "connection reset"
        case socket.gaierror():
            return "host not found"
        case HTTPConnectionClosed():
            return "connection closed"
        case HTTPParseError():
            return "not HTTP"
        case MemoryError():
            return "out of memory"
        case OSError(errno=errno.EADDRNOTAVAIL):
            return "no free port"
        case OSError(errno=errno.EMFILE | errno.ENFILE):
            return "too many open files"
        case _:
            return type(error).__name__


def _body(step: Step, values: Mapping[str, Any], headers: dict[str, str]) -> str | None:
    if step.json_ is not None:
        headers.setdefault("Content-Type", "application/json")
        headers.setdefault("Accept", "application/json")
        return json.dumps(templates.json_body(step.json_, values), ensure_ascii=False)
    if step.form is not None:
        headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
        return urlencode({key: templates.text(value, values) for key, value in step.form.items()})
    return None
