"""Which alerts fire when something goes wrong: a rehearsal on histories made of what the service really shows.

The names, labels and kinds of the series are those read from the service; the histories are made up. In each, an hour
in which all goes well is followed by one thing that goes wrong. Prometheus' own evaluation (promtool) says which alerts
fire, so a rule that misspells a label, asks for a bucket that does not exist or sets a threshold nothing can reach is
found. It shows that an alert can fire, not that somebody is called: that takes a rehearsal of people.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from observability.operations.alert_rules import Alert, RuleSet, rules_of
from observability.operations.promtool import evaluate
from observability.operations.rules import as_yaml
from observability.operations.shown import Sample

CALM_MIN = 60
WRONG_MIN = 120
LONGEST_FOR_MIN = 1_440
"""Minutes of calm, then of trouble, to which the longest ``for`` of an alert is added, up to this many."""

A_MINUTE = 600
"""Growth of each counter: ten a second, so that no guard against low traffic is in the way."""
SLOW_S = 60.0
HIGH, LOW = 1e9, 0.0

_STATUS = re.compile(r"[1-5](?:\d\d|xx)")
_WORD = re.compile(r"\w+")
_ALWAYS_TOLD = {"le", "quantile"}  # functions read them unnamed
_OF_STATUS = re.compile(r"status|code")
_OF_FAILURE = re.compile(r"error|fail|exception|timeout|reject|refus")


@dataclass(frozen=True)
class Trouble:
    """Something that goes wrong: ``values`` gives the course of one series from then on, None where it is gone."""

    id: str
    values: Callable[[Sample], str | None]


@dataclass(frozen=True)
class Rehearsed:
    """What the alerts did.

    Attributes:
        fired: minutes of trouble, at most, before each fired, by trouble and alert.
        in_calm: those that fired while all went well.
        tried_min: minutes of trouble that were tried.
    """

    fired: Mapping[str, Mapping[str, int]]
    in_calm: frozenset[str]
    tried_min: int

    def fires(self, alert: str) -> bool:
        """Whether ``alert`` fires in some trouble."""
        return any(alert in alerts for alerts in self.fired.values())


def rehearse(rules: RuleSet, alerts: Sequence[Alert], shown: Sequence[Sample], job: str) -> Rehearsed:
    """Try ``alerts`` on series as ``shown``, scraped under the name ``job``.

    Raises:
        PromtoolError: promtool is not there, or does not take the rules.
    """
    wrong = WRONG_MIN + min(LONGEST_FOR_MIN, int(max((a.for_s for a in alerts), default=0.0) // 60))
    names = sorted({alert.name for alert in alerts})
    read = frozenset(name for alert in alerts for name in rules.reads(alert.expr))
    samples = _different([sample for sample in shown if sample.name in read], rules)
    with tempfile.TemporaryDirectory(prefix="portance-") as folder:
        rule_file = Path(folder) / "rules.yaml"
        rule_file.write_text(as_yaml({"groups": [dict(g) for g in rules.groups]}), encoding="utf-8")
        files = {}
        for trouble in TROUBLES:
            path = Path(folder) / f"{trouble.id}.yaml"
            path.write_text(as_yaml(_history(trouble, samples, names, job, wrong)), encoding="utf-8")
            files[trouble.id] = path
        said = evaluate(list(files.values()))
    fired = {id_: _first_fired(said[path.name], names, wrong) for id_, path in files.items()}
    calm = frozenset(n for path in files.values() for n in names if said[path.name].get(_in_calm(n), 0) > 0)
    return Rehearsed(fired, calm, wrong)


def _different(samples: Sequence[Sample], rules: RuleSet) -> list[Sample]:
    """One series of those that no rule tells apart: where none names the route, thirty routes evaluate like one."""
    said = set(_WORD.findall(" ".join(str(rule.get("expr", "")) for group in rules.groups for rule in rules_of(group))))
    kept: dict[tuple[object, ...], Sample] = {}
    for sample in samples:
        told = (pair for pair in sample.labels if pair[0] in said | _ALWAYS_TOLD or pair[0] == _status_label(sample))
        kept.setdefault((sample.name, *told), sample)
    return list(kept.values())


def _history(trouble: Trouble, samples: Sequence[Sample], names: Sequence[str], job: str, wrong: int) -> dict[str, Any]:
    series: dict[str, str] = {}
    for sample in samples:
        labels = {**dict(sample.labels), "job": job, "instance": "rehearsal"}
        course = trouble.values(sample)
        calm = _calm(sample)
        series[_series(sample.name, labels)] = calm if course is None else f"{calm} {course}x{wrong}"
    failures = _failures(samples, job, wrong) if trouble.id == "errors" else {}
    alive = "0x" if trouble.id == "silent" else "1x"
    up = _series("up", {"job": job, "instance": "rehearsal"})
    series = {**failures, **series, up: f"1x{CALM_MIN} {alive}{wrong}"}
    end = CALM_MIN + 1 + wrong
    return {
        "rule_files": ["rules.yaml"],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": name, "values": values} for name, values in series.items()],
                "promql_expr_test": [
                    *(_asked(_in_calm(name), CALM_MIN) for name in names),
                    *(_asked(_in_trouble(name, wrong), end) for name in names),
                ],
            }
        ],
    }


def _calm(sample: Sample) -> str:
    """An hour in which every request is answered, at once, and nothing fails."""
    if sample.kind in ("gauge", "untyped", "summary") and not _grows(sample):
        return f"{sample.value!r}x{CALM_MIN}".replace("nan", "0").replace("inf", "0")
    if _is_failure(sample):
        return f"0x{CALM_MIN}"
    step = 0.001 * A_MINUTE if sample.name.endswith("_sum") else A_MINUTE
    return f"0+{step:g}x{CALM_MIN}"


def _on(sample: Sample, step: float) -> str:
    """``sample`` as it goes on from the calm hour, growing by ``step`` a minute."""
    before = 0.0 if _is_failure(sample) else (0.001 if sample.name.endswith("_sum") else 1.0) * A_MINUTE * CALM_MIN
    return f"{before + step:g}+{step:g}"


def _usual(sample: Sample) -> str:
    if not _grows(sample):
        return _calm(sample).removesuffix(f"x{CALM_MIN}") + "+0"
    if _is_failure(sample):
        return _on(sample, 0)
    return _on(sample, 0.001 * A_MINUTE if sample.name.endswith("_sum") else A_MINUTE)


def _when_all_fails(sample: Sample) -> str | None:
    if not _grows(sample):
        return _usual(sample)
    if _status_label(sample) is not None:
        return _on(sample, A_MINUTE if _is_failure(sample) else 0)
    return _on(sample, A_MINUTE) if _is_failure(sample) else _usual(sample)


def _when_all_is_slow(sample: Sample) -> str | None:
    if sample.kind == "histogram" and not _is_failure(sample):
        if sample.name.endswith("_bucket") and sample.label("le") != "+Inf":
            return _on(sample, 0)
        if sample.name.endswith("_sum"):
            return _on(sample, SLOW_S * A_MINUTE)
    return f"{SLOW_S:g}+0" if sample.label("quantile") is not None else _usual(sample)


def _when_silent(_: Sample) -> str | None:
    return None


def _when_nobody_comes(sample: Sample) -> str | None:
    return _on(sample, 0) if _grows(sample) else _usual(sample)


def _when_full(sample: Sample) -> str | None:
    return _usual(sample) if _grows(sample) else f"{HIGH:g}+0"


def _when_empty(sample: Sample) -> str | None:
    return _usual(sample) if _grows(sample) else f"{LOW:g}+0"


TROUBLES = (
    Trouble("errors", _when_all_fails),
    Trouble("slow", _when_all_is_slow),
    Trouble("silent", _when_silent),
    Trouble("standstill", _when_nobody_comes),
    Trouble("full", _when_full),
    Trouble("empty", _when_empty),
)
"""Every request fails; each takes a minute; the service shows nothing; nobody comes; every gauge very high; at zero."""


def _failures(samples: Sequence[Sample], job: str, wrong: int) -> dict[str, str]:
    """For each series with a good status, the one with a failure that begins when everything fails."""
    made: dict[str, str] = {}
    for sample in samples:
        label = _status_label(sample)
        if label is None or not _grows(sample) or _is_failure(sample):
            continue
        status = "5xx" if (sample.label(label) or "").endswith("xx") else "500"
        labels = {**dict(sample.labels), label: status, "job": job, "instance": "rehearsal"}
        made[_series(sample.name, labels)] = f"_x{CALM_MIN + 1} {A_MINUTE}+{A_MINUTE}x{wrong}"
    return made


def _grows(sample: Sample) -> bool:
    """Whether the series is one that only grows."""
    if sample.kind == "untyped":
        return sample.name.endswith(("_total", "_count", "_bucket", "_sum"))
    return sample.kind in ("counter", "histogram") or (
        sample.kind == "summary" and sample.name.endswith(("_count", "_sum"))
    )


def _status_label(sample: Sample) -> str | None:
    return next((key for key, value in sample.labels if _OF_STATUS.search(key) and _STATUS.fullmatch(value)), None)


def _is_failure(sample: Sample) -> bool:
    label = _status_label(sample)
    if label is not None:
        return (sample.label(label) or "").startswith("5")
    return sample.kind == "counter" and _OF_FAILURE.search(sample.name) is not None


def _series(name: str, labels: Mapping[str, str]) -> str:
    def quoted(value: str) -> str:
        return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")

    return name + "{" + ",".join(f'{key}="{quoted(value)}"' for key, value in sorted(labels.items())) + "}"


def _in_calm(alert: str) -> str:
    return _minutes(alert, CALM_MIN)


def _in_trouble(alert: str, wrong: int) -> str:
    return _minutes(alert, wrong)


def _minutes(alert: str, over: int) -> str:
    """For how many of the last minutes ``alert`` was firing."""
    quoted = alert.replace("\\", "\\\\").replace('"', '\\"')
    return f'max(count_over_time(ALERTS{{alertname="{quoted}",alertstate="firing"}}[{over}m])) or vector(0)'


def _asked(expr: str, at_min: int) -> dict[str, Any]:
    return {"expr": expr, "eval_time": f"{at_min}m"}


def _first_fired(said: Mapping[str, float], names: Sequence[str], wrong: int) -> dict[str, int]:
    """Minutes until each alert fired: it fires from then on, so for all the minutes that are left."""
    firing = {name: int(said.get(_in_trouble(name, wrong), 0)) for name in names}
    return {name: max(0, wrong - minutes) for name, minutes in firing.items() if minutes > 0}
