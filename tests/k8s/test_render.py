"""What a folder of manifests stands for, with kustomize and without, and what is said when it cannot be known."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from k8s import render as module
from k8s.checks import collect
from k8s.documents import ManifestError, Reading, read_text
from k8s.patches import PatchError, apply_json_patch, merge
from k8s.render import render
from scorecard.evidence import Evidence, Fact, Status
from scorecard.site import Site

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - {name: main, image: "r.example:5000/web:1", env: [{name: A, value: "1"}, {name: B, value: "2"}]}
        - {name: side, image: side}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: all}
"""


def without(_: str) -> None:
    """No program is installed."""


def write(folder: Path, **files: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / f"{name}.yaml").write_text(content, encoding="utf-8")
    return folder


KUSTOMIZATIONS = {
    "plain": "resources: [all.yaml]",
    "namespace": "resources: [all.yaml]\nnamespace: here",
    "images": "resources: [all.yaml]\nimages: [{name: 'r.example:5000/web', newTag: '2'}, {name: side, newName: s, "
    "digest: 'sha256:" + "a" * 64 + "'}]",
    "rename": "resources: [all.yaml]\nimages: [{name: 'r.example:5000/web', newName: other}]",
    "replicas": "resources: [all.yaml]\nreplicas: [{name: web, count: 7}]",
    "labels": "resources: [all.yaml]\nlabels: [{pairs: {team: a}, includeSelectors: true}]",
    "labels of templates": "resources: [all.yaml]\nlabels: [{pairs: {team: a}, includeTemplates: true}]",
    "annotations": "resources: [all.yaml]\ncommonAnnotations: {note: a}",
    "strategic merge": "resources: [all.yaml]\npatches: [{path: patch.yaml}]",
    "patch that deletes": "resources: [all.yaml]\npatches: [{patch: '{apiVersion: v1, kind: Service, metadata: {name: "
    "web}, $patch: delete}'}]",
    "patch with a target": "resources: [all.yaml]\npatches: [{target: {kind: Deployment}, patch: '{apiVersion: apps/v1"
    ", kind: Deployment, metadata: {name: any}, spec: {replicas: 9}}'}]",
    "json patch": "resources: [all.yaml]\npatches:\n  - target: {kind: Deployment, name: w.b}\n    patch: |-\n"
    "      - {op: replace, path: /spec/replicas, value: 5}\n"
    "      - {op: add, path: /spec/template/spec/containers/-, value: {name: new, image: x}}\n"
    "      - {op: remove, path: /spec/template/spec/containers/0/env/0}",
}
PATCH = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {added: "yes"}}
spec:
  replicas: null
  template:
    spec:
      containers:
        - {name: main, env: [{name: B, value: "3"}, {name: A, $patch: delete}], args: [x]}
        - {name: side, $patch: delete}
"""


@pytest.mark.skipif(shutil.which("kustomize") is None and shutil.which("kubectl") is None, reason="no kustomize here")
@pytest.mark.parametrize("name", KUSTOMIZATIONS)
def test_the_subset_agrees_with_kustomize(name: str, tmp_path: Path) -> None:
    folder = write(tmp_path, all=DEPLOYMENT, patch=PATCH, kustomization=KUSTOMIZATIONS[name])

    def bodies(reading: Reading) -> dict[tuple[str, str], object]:
        found = {(resource.kind, resource.name): resource.body for resource in reading.resources}
        for body in found.values():
            # Containers keep their names; kustomize may list them in another order.
            spec = body.get("spec", {}).get("template", {}).get("spec", {})
            spec.get("containers", []).sort(key=lambda container: container["name"])
        return found

    assert bodies(render(folder, which=without)) == bodies(render(folder))


@pytest.mark.parametrize("name", KUSTOMIZATIONS)
def test_the_subset_needs_no_program(name: str, tmp_path: Path) -> None:
    folder = write(tmp_path, all=DEPLOYMENT, patch=PATCH, kustomization=KUSTOMIZATIONS[name])
    reading = render(folder, which=without)
    assert len(reading.resources) == (2 if name == "patch that deletes" else 3)
    assert reading.problems == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("resources: [all.yaml]\nconfigMapGenerator: [{name: a}]", "'configMapGenerator' needs kustomize"),
        ("resources: [all.yaml]\nnamePrefix: a-", "'namePrefix' needs kustomize"),
        ("resources: ['https://example.org/a.yaml']", "remote resource"),
        ("resources: [none.yaml]", "none.yaml: named as a resource, but not there"),
        ("resources: [.]", "include each other"),
        ("resources: [all.yaml]\nresources: []", "stands twice"),
        ("resources: [", "kustomization.yaml"),
        ("", "empty"),
        ("resources: [all.yaml]\npatches: [{path: none.yaml}]", "none.yaml cannot be read"),
        (
            "resources: [all.yaml]\npatches: [{target: {labelSelector: a}, patch: '- {op: remove, path: /a}'}]",
            "by label",
        ),
        ("resources: [all.yaml]\npatches: [{patch: 'a: b'}]", "it has no kind"),
        ("resources: [all.yaml]\npatches: [{patch: 'kind: Pod'}]", "needs kind and apiVersion"),
        ("resources: [all.yaml]\npatches: [{target: {kind: Ghost}, patch: '- {op: remove, path: /a}'}]", "nothing to"),
        ("resources: [all.yaml]\npatches: [3]", "malformed"),
        ("resources: [all.yaml]\nimages: [3]", "malformed"),
        ("resources: [all.yaml]\npatches: {path: patch.yaml}", "patches is not a list"),
        ("resources: all.yaml", "resources is not a list"),
        ("resources: [all.yaml]\nlabels: [{pairs: {a: b}, fields: []}]", "labels: fields"),
    ],
)
def test_what_the_subset_does_not_know_makes_the_manifests_unknown(text: str, said: str, tmp_path: Path) -> None:
    folder = write(tmp_path, all=DEPLOYMENT, kustomization=text)
    with pytest.raises(ManifestError) as caught:
        render(folder, which=without)
    assert said in caught.value.text.en


def program(folder: Path, script: str) -> Callable[[str], str | None]:
    path = folder / "kustomize"
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    return lambda name: str(path) if name == "kustomize" else None


def test_a_kustomize_that_refuses_is_quoted(tmp_path: Path) -> None:
    folder = write(tmp_path / "m", kustomization="resources: []")
    with pytest.raises(ManifestError, match="kustomize refuses: Error: no such base"):
        render(folder, which=program(tmp_path, "echo 'Error: no such base' >&2; exit 1"))


def test_a_kustomize_that_hangs_is_ended_with_its_children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RENDER_TIMEOUT_S", 0.5)
    folder = write(tmp_path / "m", kustomization="resources: []")
    pid = tmp_path / "pid"
    with pytest.raises(ManifestError, match="did not end within"):
        render(folder, which=program(tmp_path, f"sleep 60 & echo $! > {pid}; wait"))
    child = Path("/proc") / pid.read_text(encoding="utf-8").strip()
    assert not child.exists() or "Z" in (child / "stat").read_text(encoding="utf-8").split()[2]


def test_a_broken_document_is_named_with_its_line_and_the_rest_goes_on(tmp_path: Path) -> None:
    write(
        tmp_path, a="apiVersion: v1\nkind: Service\nmetadata: {name: a}\n---\nkind: Pod\n  spec: [\n---\n" + DEPLOYMENT
    )
    (tmp_path / "b.yaml").write_bytes(b"\xff\xfe")
    reading = render(tmp_path)
    assert [resource.kind for resource in reading.resources] == ["Service", "Deployment", "Service", "ClusterRole"]
    assert reading.resources[1].source == "a.yaml:7"
    assert reading.problems[0].en.startswith("a.yaml:6: ")
    assert reading.problems[1].en == "b.yaml: not UTF-8 text"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\na: 2\nkind: Pod\napiVersion: v1", "x:2: the key 'a' stands twice"),
        ("kind: Pod", "x:1: an object needs kind and apiVersion"),
        ("- a\n- b", "x:1: not a Kubernetes object"),
        ("!!python/object/apply:os.system [id]", "x:1: could not determine a constructor"),
        ("a: &a [*a]\nkind: Pod", "needs kind and apiVersion"),
        ("[" * 1500, "x:1: "),
    ],
)
def test_what_is_wrong_with_a_document_is_said(text: str, said: str) -> None:
    (problem,) = read_text(text, "x").problems
    assert said in problem.en


def test_merged_keys_of_yaml_are_no_doubles() -> None:
    text = "apiVersion: v1\nkind: Pod\nmetadata: {labels: &a {x: 1, y: 2}}\nspec: {<<: *a, x: 3}"
    reading = read_text(text, "x")
    assert reading.problems == []
    assert reading.resources[0].body["spec"] == {"x": 3, "y": 2}


def test_a_kustomization_may_be_named_by_its_file(tmp_path: Path) -> None:
    folder = write(tmp_path, all=DEPLOYMENT, kustomization=KUSTOMIZATIONS["replicas"])
    reading = render(folder / "kustomization.yaml", which=without)
    assert reading.resources[0].body["spec"]["replicas"] == 7


def test_files_of_other_tools_and_hidden_folders_are_left_alone(tmp_path: Path) -> None:
    write(tmp_path, values="replicas: 2", all=DEPLOYMENT)
    write(tmp_path / ".git", broken="[")
    reading = render(tmp_path)
    assert (len(reading.resources), reading.problems) == (3, [])


@pytest.mark.parametrize(
    ("file", "said"), [("Chart", "a Helm chart"), ("kustomization", "a kustomization; let target")]
)
def test_charts_and_kustomizations_inside_a_folder_are_unknown(
    file: str, said: str, tmp_path: Path, site_of: Callable[[Path | None], Site], fact: Callable[[Evidence, str], Fact]
) -> None:
    write(tmp_path / "chart", **{file: "resources: []", "template": "kind: {{ .Values.kind }}"})
    evidence = collect(site_of(tmp_path))
    found = fact(evidence, "probes")
    assert evidence.status is Status.DEGRADED
    assert found.value is None
    assert found.reason is not None
    assert said in found.reason.en


def test_no_manifests_named_is_skipped_with_the_key_to_add(site_of: Callable[[Path | None], Site]) -> None:
    evidence = collect(site_of(None))
    assert evidence.status is Status.SKIPPED
    assert evidence.reason is not None
    assert 'manifests = "<folder>"' in evidence.reason.en
    assert all(found.value is None for found in evidence.facts)


def test_manifests_that_are_not_there_are_an_error(tmp_path: Path, site_of: Callable[[Path | None], Site]) -> None:
    evidence = collect(site_of(tmp_path / "nowhere"))
    assert (evidence.status, evidence.reason.en if evidence.reason else "") == (
        Status.ERROR,
        "nowhere: no such file or folder",
    )


def test_an_empty_folder_is_unknown(tmp_path: Path, site_of: Callable[[Path | None], Site]) -> None:
    evidence = collect(site_of(tmp_path))
    assert all(found.value is None and found.reason is not None for found in evidence.facts)


@pytest.mark.skipif(os.getuid() == 0, reason="root reads every file")
def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    write(tmp_path, a="a: b")
    (tmp_path / "a.yaml").chmod(0)
    assert "Permission denied" in render(tmp_path).problems[0].en


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "remove", "path": "/nowhere"},
        {"op": "add", "path": "a", "value": 1},
        {"op": "add", "path": "/list/9", "value": 1},
        {"op": "test", "path": "/a", "value": 2},
        {"op": "shout", "path": "/a"},
    ],
)
def test_a_json_patch_that_leads_nowhere_is_an_error(operation: dict[str, object]) -> None:
    with pytest.raises(PatchError):
        apply_json_patch({"a": 1, "list": []}, [operation])


def test_an_unknown_directive_is_an_error() -> None:
    with pytest.raises(PatchError, match="retainKeys"):
        merge({"kind": "Pod"}, {"spec": {"$retainKeys": ["a"]}})
