"""Each file in cases/ is named ``<fact>.<expected value>.<what it shows>.yaml``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from k8s.checks import CHECKS, collect
from scorecard.evidence import Evidence, Fact
from scorecard.site import Site

CASES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))
EXPECTED: dict[str, object] = {"true": True, "false": False, "unknown": None}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_the_name_of_the_case_is_what_is_found(
    case: Path, site_of: Callable[[Path | None], Site], fact: Callable[[Evidence, str], Fact]
) -> None:
    name, expected, _ = case.name.split(".", 2)
    evidence = collect(site_of(case))
    found = fact(evidence, name)
    wanted = EXPECTED[expected] if expected in EXPECTED else int(expected)
    assert (found.value, type(found.value)) == (wanted, type(wanted)), [f.message for f in evidence.findings]
    if wanted is None:
        assert found.reason is not None
        assert found.reason.en != found.reason.fr
    assert "PLANTED-VALUE" not in evidence.model_dump_json(), "no secret is quoted"


def test_every_check_has_a_case_that_holds_and_one_that_does_not() -> None:
    shown = {tuple(case.name.split(".")[:2]) for case in CASES}
    for check in CHECKS:
        name = check.removeprefix("k8s.")
        assert {(name, "true"), (name, "false")} <= shown, name


def test_a_false_fact_names_the_place(site_of: Callable[[Path | None], Site]) -> None:
    evidence = collect(site_of(next(case for case in CASES if case.name.startswith("probes.false.no-readiness"))))
    (finding,) = [f for f in evidence.findings if f.rule == "k8s.readiness-probe"]
    assert finding.location == "Deployment/web/main"
