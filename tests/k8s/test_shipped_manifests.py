"""The manifests of the reference service pass every check, and each defect planted in them is the one that is found."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

import k8s
from k8s.checks import CHECKS, collect
from k8s.render import render
from scorecard.evidence import Status
from scorecard.site import Site

ROOT = Path(k8s.__file__).parent
PRODUCTION = ROOT / "manifests" / "overlays" / "production"


def _nothing(_: str) -> None:
    """No program is installed."""


def facts_of(site: Site) -> dict[str, object]:
    return {fact.id.removeprefix("k8s."): fact.value for fact in collect(site).facts}


@pytest.mark.parametrize("overlay", [PRODUCTION, ROOT / "manifests" / "base"], ids=["production", "base"])
def test_the_overlay_passes_every_check(overlay: Path, site_of: Callable[[Path | None], Site]) -> None:
    evidence = collect(site_of(overlay))
    assert evidence.status is Status.COMPLETED
    failed = {fact.id: fact.value for fact in evidence.facts if fact.id in CHECKS and fact.value is not True}
    # The base names no version of its image: an overlay must.
    assert failed == ({} if overlay == PRODUCTION else {"k8s.images_pinned": False})


def test_production_keeps_three_replicas_and_holds_no_secret(site_of: Callable[[Path | None], Site]) -> None:
    facts = facts_of(site_of(PRODUCTION))
    assert (facts["replicas_min"], facts["workloads"], facts["plain_secrets"]) == (3, 3, 0)


DEFECTS = {
    "no readiness": ("probes", "readinessProbe:", "x-readinessProbe:"),
    "no memory limit": ("requests_limits", "memory: 768Mi", "x-memory: 768Mi"),
    "budget that blocks": ("disruption_budget", "unhealthyPodEvictionPolicy: AlwaysAllow", "minAvailable: 9"),
    "autoscaler of a ghost": ("autoscaler", "Deployment\n    name: reference-app", "Deployment\n    name: ghost"),
    "root": ("pod_security_restricted", "runAsNonRoot: true", "runAsNonRoot: false"),
    "keeps capabilities": ("pod_security_restricted", "- ALL", "- CHOWN"),
    "open to everyone": ("network_policy", "  podSelector: {}\n", "  podSelector: {matchLabels: {a: b}}\n"),
    "latest": ("images_pinned", "portance-reference:0.1.0", "portance-reference:latest"),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_one_planted_defect_makes_its_fact_false_and_no_other(
    defect: str, tmp_path: Path, site_of: Callable[[Path | None], Site]
) -> None:
    wanted, old, new = DEFECTS[defect]
    bodies = [resource.body for resource in render(PRODUCTION, which=_nothing).resources]
    file = tmp_path / "all.yaml"
    text = yaml.safe_dump_all(bodies)
    assert old in text, "the manifests changed, plant the defect anew"
    file.write_text(text.replace(old, new), encoding="utf-8")
    facts = facts_of(site_of(file))
    wrong = {name.removeprefix("k8s.") for name in CHECKS if facts[name.removeprefix("k8s.")] is not True}
    # An autoscaler without its target leaves the workload at one replica, which no budget can keep up.
    assert wrong - ({"disruption_budget"} if wanted == "autoscaler" else set()) == {wanted}


@pytest.mark.skipif(shutil.which("kustomize") is None and shutil.which("kubectl") is None, reason="no kustomize here")
def test_the_subset_resolves_the_overlay_as_kustomize_does() -> None:
    def bodies(which: Callable[[str], str | None]) -> dict[tuple[str, str], object]:
        return {(r.kind, r.name): r.body for r in render(PRODUCTION, which=which).resources}

    assert bodies(shutil.which) == bodies(_nothing)


def test_the_tag_of_the_image_is_the_version_of_the_project() -> None:
    version = tomllib.loads((ROOT.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    overlay = yaml.safe_load((PRODUCTION / "kustomization.yaml").read_text(encoding="utf-8"))
    assert [image["newTag"] for image in overlay["images"]] == [version]


def test_what_the_containerfile_copies_is_all_the_service_needs(tmp_path: Path) -> None:
    text = (ROOT / "Containerfile").read_text(encoding="utf-8")
    for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE):
        *sources, target = line.split()
        for source in sources:
            origin = ROOT.parent / source
            if target.startswith("/srv/"):
                place = tmp_path / target.removeprefix("/srv/")
                if origin.is_dir():
                    shutil.copytree(origin, place)
                else:
                    place.mkdir(parents=True, exist_ok=True)
                    shutil.copy(origin, place)
            else:
                assert origin.is_file(), source
    packages = sysconfig.get_path("purelib")
    # -S leaves out the links that an editable install makes, so that nothing else of the project can be found.
    code = f"import sys; sys.path += [{packages!r}]; import reference_app.app, reference_app.server"
    subprocess.run([sys.executable, "-S", "-c", code], check=True, cwd=tmp_path, timeout=60)


def test_settings_named_in_the_manifests_are_settings_of_the_service() -> None:
    source = (ROOT.parent / "reference_app" / "settings.py").read_text(encoding="utf-8")
    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "manifests" / "base").glob("*.yaml"))
    for name in set(re.findall(r"PORTANCE_REFERENCE_([A-Z_]+)", text)):
        assert re.search(rf"^    {name.lower()}:", source, re.MULTILINE), name
