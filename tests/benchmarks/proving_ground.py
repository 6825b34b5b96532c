"""All scanners on all planted defects, their sound twins and the reference service: who finds what, in what time.

Run it by hand: ``python tests/benchmarks/proving_ground.py [defect ...]``. It writes ``docs/security/scanners.md`` when
all defects were tried, and prints the page otherwise. It asserts nothing; ``tests/security/proving_ground`` does.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "security" / "proving_ground"))

from defects import TWINS, Defect, Twin, defects  # noqa: E402 (found by the line above)
from proving import SCANNERS, TRACES, Look, look, look_at_reference  # noqa: E402

from scorecard.evidence import Evidence, Finding, Machine, Status  # noqa: E402

PAGE = ROOT / "docs" / "security" / "scanners.md"
Looks = Mapping[tuple[str, Twin], Mapping[str, Look]]


def main(names: list[str]) -> None:
    """Try the defects of ``names``, all when there is none."""
    chosen = [one for one in defects() if not names or one.name in names]
    with tempfile.TemporaryDirectory() as folder:
        looks = _all(chosen, Path(folder))
        reference = look_at_reference(set(SCANNERS), Path(folder) / "reference")
    content = page(chosen, looks, reference)
    if names:
        sys.stdout.write(content)
    else:
        PAGE.write_text(content, encoding="utf-8")
        sys.stdout.write(f"{PAGE.relative_to(ROOT)} is written\n")


def _all(chosen: list[Defect], folder: Path) -> Looks:
    # One process a core: the seconds of a scanner are to be its own, as far as they can.
    with ProcessPoolExecutor(len(os.sched_getaffinity(0)), mp_context=get_context("spawn")) as pool:
        futures = {
            (defect.name, twin): pool.submit(look, defect, twin, _lookers(defect), folder / f"{defect.name}-{twin}")
            for defect in chosen
            for twin in TWINS
        }
        return {place: future.result() for place, future in futures.items()}


def _lookers(defect: Defect) -> set[str]:
    """All scanners; only those that read files where the defect is in a file that the running service does not show."""
    running = {name for name, scanner in SCANNERS.items() if scanner.live or name == TRACES}
    return set(SCANNERS) if running & set(defect.sought_by) else set(SCANNERS) - running


def page(chosen: list[Defect], looks: Looks, reference: Mapping[str, Look]) -> str:
    """The page of what was found, missed and taken for a defect that is none."""
    scanners = [name for name in SCANNERS if any(name in one.sought_by for one in chosen)]
    rows = [
        [f"[{one.name}](../../tests/proving_ground/{one.name})", one.cwe, *(_cell(one, s, looks) for s in scanners)]
        for one in chosen
    ]
    found = sum(any(_finds(looks[one.name, "weak"], s, one.cwe) for s in one.sought_by) for one in chosen)
    return (
        "\n\n".join(
            (
                _HEAD.format(defects=len(chosen), found=found, made=_made()),
                _table(["defect", "weakness", *scanners], rows),
                "## On the sound twins\n\n" + _on_sound_twins(chosen, looks),
                "## On the reference service\n\n"
                + _table(_REFERENCE_HEAD, (_about(n, reference[n]) for n in reference)),
                "## Seconds of a scanner on one of these services\n\n" + _table(_TIME_HEAD, _times(looks)),
            )
        )
        + "\n"
    )


def _made() -> str:
    machine = Machine.here()
    system = machine.system.split()[0]
    busy = f"with a load average of {os.getloadavg()[2]:.0f} over the last quarter of an hour"
    cores = f"{machine.cores} cores ({machine.cpu}), {system}, Python {machine.python}"
    return f"{datetime.now(UTC):%Y-%m-%d}, on {cores},\n{busy}"


def _cell(defect: Defect, scanner: str, looks: Looks) -> str:
    if scanner not in defect.sought_by:
        return ""
    return "found" if _finds(looks[defect.name, "weak"], scanner, defect.cwe) else "missed"


def _finds(seen: Mapping[str, Look], scanner: str, cwe: str) -> bool:
    return scanner in seen and any(finding.cwe == cwe for finding in _open(seen[scanner].evidence))


def _on_sound_twins(chosen: list[Defect], looks: Looks) -> str:
    """What is said of the sound twins: of the defect that was mended, and of the town hall they all are."""
    alarms: list[str] = []
    of_the_hall: Counter[str] = Counter()
    for defect in chosen:
        for name, seen in looks[defect.name, "sound"].items():
            for finding in _open(seen.evidence):
                if finding.cwe == defect.cwe and name in defect.sought_by:
                    alarms.append(f"- {defect.name}: {name} says {finding.rule} at {finding.location}")
                else:
                    of_the_hall[f"{name}: {finding.rule} ({finding.severity.value})"] += 1
    lines = [f"False alarms, a finding of the weakness that was mended: {len(alarms)} on {len(chosen)} twins."]
    lines += ["", *alarms] if alarms else []
    if of_the_hall:
        lines += ["", "Findings of another kind, about the town hall that all of them are:", ""]
        lines += [f"- {what}, {times} times" for what, times in sorted(of_the_hall.items())]
    return "\n".join(lines)


def _about(name: str, seen: Look) -> list[str]:
    evidence = seen.evidence
    said = "" if evidence.reason is None else evidence.reason.en
    return [name, str(len(_open(evidence))), evidence.status.value, f"{seen.seconds:.1f}", said]


def _times(looks: Looks) -> Iterable[list[str]]:
    for name in SCANNERS:
        ran = [
            seen[name] for seen in looks.values() if name in seen and seen[name].evidence.status is not Status.SKIPPED
        ]
        if ran:
            tool = next((look.evidence.provenance for look in ran if look.evidence.provenance is not None), None)
            seconds = [look.seconds for look in ran]
            shown = "" if tool is None else f"{tool.tool} {tool.version}"
            yield [name, shown, str(len(ran)), f"{statistics.median(seconds):.1f}", f"{max(seconds):.1f}"]


def _open(evidence: Evidence) -> list[Finding]:
    return [finding for finding in evidence.findings if finding.suppression is None]


def _table(head: list[str], rows: Iterable[list[str]]) -> str:
    lines = (head, ["---"] * len(head), *rows)
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


_HEAD = """# Which scanner finds which defect

Each service of [`tests/proving_ground`](../../tests/proving_ground) has one planted defect and a sound twin. Every
scanner looked at both, in the quick profile; where the defect is in a file that a running service does not show, those
that read files. Of {defects} defects, **{found} were found** by at least one scanner. Made by
`python tests/benchmarks/proving_ground.py` on {made}.

*found*: a finding of this weakness. *missed*: the scanner looks for such things and said nothing. Empty: not what it
looks for."""
_REFERENCE_HEAD = ["scanner", "findings", "status", "seconds", "what was not looked at"]
_TIME_HEAD = ["scanner", "tool", "looks", "median", "longest"]


if __name__ == "__main__":
    main(sys.argv[1:])
