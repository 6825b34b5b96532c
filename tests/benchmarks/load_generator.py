"""How true and how good is the load generator? Four claims, measured in one run, each with its bound.

Run it by hand: ``python tests/benchmarks/load_generator.py``. Everything it compares is measured side by side on this
machine, so that ratios mean something on any machine. Exit code 1 when a bound is not met.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import secrets
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from loadtests.engine.orders import Limits, Order
from loadtests.generator import TRACES, generator
from loadtests.histogram import quantiles
from scorecard.project_journeys import Journey

_NO_LIMITS = Limits(sessions=10**6, errors=10**9, slow=10**9, slow_s=1.0)
_HERE = Path(__file__).parent / "load_peers"
_STALL_RATE = 400.0
_STALL_S = 60.0
"""So many requests that chance moves the ratio of the two p95 by 1.4 % (one standard deviation)."""
_POISSON_RATE = 100.0
_POISSON_S = 20.0
_LAG_RATE = 1000.0
_LAG_BOUND_S = 0.005
_P95_BOUND = 0.05
_KS_BOUND = 0.01
_WORK_BOUND = 0.9


@dataclass(frozen=True)
class Claim:
    """One claim: what was measured, its bound, and whether it is met."""

    what: str
    measured: str
    bound: str
    met: bool


def main() -> int:
    """Measure, print a table, and say whether every bound is met."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=6.0, help="length of each step of the load")
    options.add_argument("--pairs", type=int, default=5, help="pairs of runs that the work is compared on")
    options.add_argument("--only", choices=("truth", "lag", "work"), help="one part of it")
    asked = options.parse_args()
    claims: list[Claim] = []
    if asked.only in (None, "truth"):
        claims += [_truth(), _poisson()]
    if asked.only in (None, "lag"):
        claims.append(_lag(asked.seconds))
    if asked.only in (None, "work"):
        claims += [_work(10, asked.pairs, asked.seconds), _work(1, asked.pairs, asked.seconds)]
    _say(f"{platform.platform()}, {len(os.sched_getaffinity(0))} cores, Python {platform.python_version()}")
    width = max(len(claim.what) for claim in claims)
    for claim in claims:
        _say(f"{claim.what:{width}}  {claim.measured}; bound {claim.bound}: {'met' if claim.met else 'NOT MET'}")
    return 0 if all(claim.met for claim in claims) else 1


def _truth() -> Claim:
    """The same server, stalled 2 s in every 10, under the generator and under an open reference of other make."""
    with _server("stalled_server.py") as url:
        command = [sys.executable, str(_HERE / "open_reference.py"), url, str(_STALL_RATE), str(_STALL_S)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as theirs:
            report = _step(url, 1, _STALL_RATE, _STALL_S)
            reference = json.loads(theirs.communicate(timeout=_STALL_S + 30)[0])
    ours = quantiles([report["steps"][0]["latency"]])
    assert ours is not None
    p95 = float(np.quantile(reference, 0.95))
    return Claim(
        "p95 against a server stalled 2 s in every 10",
        f"{ours.p95:.3f} s, open reference {p95:.3f} s, ratio {ours.p95 / p95:.3f} ({ours.count} and "
        f"{len(reference)} requests in {_STALL_S:.0f} s at {_STALL_RATE:.0f}/s, side by side)",
        f"within {_P95_BOUND:.0%}",
        abs(ours.p95 / p95 - 1) <= _P95_BOUND,
    )


def _poisson() -> Claim:
    """Moments at which requests were sent, which the generator lists for every request that is to be traced."""
    with _server("trivial_server.py") as url, tempfile.TemporaryDirectory() as folder:
        _step(url, 1, _POISSON_RATE, _POISSON_S, Path(folder), sampled=1.0)
        listed = (Path(folder) / TRACES).read_text(encoding="utf-8").splitlines()
    gaps = np.diff(sorted(json.loads(line)["start"] for line in listed))
    p_value = float(stats.kstest(gaps, "expon", args=(0, gaps.mean())).pvalue)
    return Claim(
        "arrivals are Poisson (Kolmogorov-Smirnov)",
        f"p = {p_value:.3f} on {len(gaps)} gaps between requests as they were sent, at {_POISSON_RATE:.0f}/s",
        f"p > {_KS_BOUND}",
        p_value > _KS_BOUND,
    )


def _lag(seconds: float) -> Claim:
    with _server("trivial_server.py") as url:
        report = _step(url, 1, _LAG_RATE, seconds)
    lag = quantiles([report["lag"]])
    assert lag is not None
    return Claim(
        f"dispatch lag at {_LAG_RATE:.0f} sessions/s in one process",
        f"p50 {lag.p50 * 1000:.2f} ms, p99 {lag.p99 * 1000:.2f} ms, {report['cpu']:.0%} of a core, "
        f"{lag.count} sessions",
        f"p99 < {_LAG_BOUND_S * 1000:.0f} ms",
        lag.p99 < _LAG_BOUND_S,
    )


def _work(requests: int, pairs: int, seconds: float) -> Claim:
    """Requests per processor second, ours and plain FastHttpUser's, one after the other and again.

    Both make a new session with cookies and a connection of its own for every so many requests, and check the answer.
    Ours adds what the peer lacks: arrivals on time, a trace context in every request, histograms at 0.1 %.
    """
    ours, plain = [], []
    with _server("trivial_server.py") as url:
        for _ in range(pairs):
            done = _plain(url, requests, seconds / 2)
            plain.append(done["per_cpu_s"])
            # near its limit, as the plain users are: an idle event loop costs more per request
            report = _step(url, requests, 0.7 * done["per_s"] / requests, seconds / 2)
            ours.append(report["counts"]["completed"] / report["window_s"] / report["cpu"])
    ratios = sorted(one / other for one, other in zip(ours, plain, strict=True))
    ratio = statistics.median(ratios)
    return Claim(
        f"requests per processor second, {requests} a session",
        f"{statistics.median(ours):.0f}, plain FastHttpUser {statistics.median(plain):.0f}, ratio {ratio:.2f} "
        f"(median of {pairs} pairs, {ratios[0]:.2f} to {ratios[-1]:.2f})",
        f">= {_WORK_BOUND}",
        ratio >= _WORK_BOUND,
    )


def _plain(url: str, requests: int, seconds: float) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, str(_HERE / "plain_users.py"), url, str(seconds), str(requests)],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    per_cpu_s, per_s = done.stdout.split()
    return {"per_cpu_s": float(per_cpu_s), "per_s": float(per_s)}


def _step(
    url: str, requests: int, rate: float, seconds: float, folder: Path | None = None, sampled: float = 0.1
) -> dict[str, Any]:
    journey = Journey.model_validate({"name": "read", "steps": [{"get": "/"}] * requests})
    with tempfile.TemporaryDirectory() as other:
        here = Path(other) if folder is None else folder
        with generator(url, [journey], {"citizen": 1000, "agent": 1}, here, seed=secrets.randbits(32)) as running:
            return running.step(Order({"read": rate}, 1.0, seconds, 3.0, _NO_LIMITS, sampled, 1.0), lambda: None)


@contextlib.contextmanager
def _server(script: str) -> Iterator[str]:
    """The address of one of the servers beside, for as long as the block lasts."""
    with subprocess.Popen([sys.executable, str(_HERE / script)], stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
        finally:
            server.kill()


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
