"""Journeys made ready: what would be worked out anew for every request is worked out once."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from loadtests.engine.line import CANONICAL
from scorecard.journeys import templates
from scorecard.journeys.extraction import Extractor, compile_extractors
from scorecard.project_journeys import Journey, Step


@dataclass(frozen=True)
class Ready:
    """A step made ready."""

    step: Step
    method: str
    path: str
    label: str
    counted_as: str
    expected: tuple[int, ...]
    sees_redirect: bool
    needs_uuid: bool
    takes_body: bool
    writes: bool
    asserted: bool
    headers: tuple[tuple[str, str], ...]
    extractors: Mapping[str, Extractor]

    @classmethod
    def of(cls, journey: Journey, step: Step, every: Mapping[str, str]) -> Ready:
        """Make a step ready; ``every`` are headers of all that goes to the target.

        Raises JourneyError for a wrong expression.
        """
        headers = {**(every if step.path.startswith("/") else {}), **step.headers}
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
            # RFC 9110 (8.6): what gives a body a meaning says its length even without one
            takes_body=step.method in ("POST", "PUT", "PATCH"),
            asserted=step.contains is not None or bool(step.extract),
            writes=step.method not in ("GET", "HEAD", "OPTIONS"),
            headers=tuple((CANONICAL.get(name.lower(), name), value) for name, value in headers.items()),
            extractors=compile_extractors(step.extract),
        )


@dataclass(frozen=True)
class Path:
    """A journey made ready."""

    journey: Journey
    steps: tuple[Ready, ...]
    uses: frozenset[str]
    contents: Mapping[str, bytes]

    @classmethod
    def of(cls, journey: Journey, contents: Mapping[str, bytes], target: str) -> Path:
        """Make a journey through ``target`` (a URL) ready; ``contents`` holds the files that its uploads name.

        Raises JourneyError when it uses a value nobody gives or a wrong expression.
        """
        templates.check(journey)
        every = _credentials(target)
        return cls(
            journey=journey,
            steps=tuple(Ready.of(journey, step, every) for step in journey.session),
            uses=frozenset(name for step in journey.steps for name in templates.used(step)),
            contents=contents,
        )


def _credentials(target: str) -> dict[str, str]:
    """The header that says who is asking, where the target's URL does (RFC 7617)."""
    parts = urlsplit(target)
    if parts.username is None:
        return {}
    pair = f"{unquote(parts.username)}:{unquote(parts.password if parts.password is not None else '')}"
    return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}
