"""What a service shows of itself in Prometheus' text format, read back into samples."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import httpx

from observability.operations import OperationsError
from scorecard.site import is_local

READ_TIMEOUT_S = 5.0
MOST_BYTES = 8 * 1024 * 1024
MOST_SAMPLES = 50_000

Kind = Literal["counter", "gauge", "histogram", "summary", "untyped"]
_KINDS: dict[str, Kind] = {
    "counter": "counter",
    "gauge": "gauge",
    "histogram": "histogram",
    "summary": "summary",
}

_SAMPLE = re.compile(
    r"""^(?P<name>[a-zA-Z_:][\w:]*)
        (?:\{(?P<labels>(?:[^"}]|"(?:[^"\\]|\\.)*")*)\})?
        \s+(?P<value>[-+]?(?:Inf|NaN|[\d.]+(?:[eE][-+]?\d+)?))""",
    re.VERBOSE,
)
_LABEL = re.compile(r'([a-zA-Z_]\w*)\s*=\s*"((?:[^"\\]|\\.)*)"')
_TYPE = re.compile(r"^# TYPE (\S+) (\S+)")
_PARTS = ("_bucket", "_count", "_sum", "_total", "_created")


@dataclass(frozen=True)
class Sample:
    """One line: a series and its value; ``kind`` is that of the metric it is part of."""

    name: str
    labels: tuple[tuple[str, str], ...]
    value: float
    kind: Kind

    def label(self, name: str) -> str | None:
        """Value of the label ``name``."""
        return dict(self.labels).get(name)


def ask(url: str) -> tuple[Sample, ...]:
    """The samples shown at ``url``, at most :data:`MOST_SAMPLES` of them.

    Raises:
        OperationsError: nothing answers there, not with 200, or what comes back is no Prometheus text.
    """
    body = bytearray()
    try:
        with httpx.stream("GET", url, timeout=READ_TIMEOUT_S, trust_env=not is_local(url)) as answer:
            if answer.status_code != 200:
                raise OperationsError(f"GET {url} was answered {answer.status_code}")
            for chunk in answer.iter_bytes():
                body += chunk[: MOST_BYTES - len(body)]
                if len(body) >= MOST_BYTES:
                    break
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise OperationsError(f"GET {url}: {type(error).__name__}") from error
    samples = read(body.decode("utf-8", "replace"))
    if not samples:
        raise OperationsError(f"GET {url} shows no metric in Prometheus' text format")
    return samples


def read(text: str) -> tuple[Sample, ...]:
    """The samples of ``text``; a line that is none is passed over."""
    return tuple(sample for sample, _ in zip(_samples(text), range(MOST_SAMPLES), strict=False))


def _samples(text: str) -> Iterator[Sample]:
    kinds: dict[str, Kind] = {}
    for line in text.splitlines():
        if (typed := _TYPE.match(line)) is not None:
            kinds[typed[1]] = _KINDS.get(typed[2], "untyped")
        elif (found := _SAMPLE.match(line)) is not None:
            labels = tuple((key, _plain(value)) for key, value in _LABEL.findall(found["labels"] or ""))
            yield Sample(found["name"], labels, float(found["value"]), _kind(found["name"], kinds))


def _kind(name: str, kinds: dict[str, Kind]) -> Kind:
    if name in kinds:
        return kinds[name]
    return next(
        (kinds[name.removesuffix(p)] for p in _PARTS if name.endswith(p) and name.removesuffix(p) in kinds), "untyped"
    )


def _plain(value: str) -> str:
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] == "n" else match[1], value)
