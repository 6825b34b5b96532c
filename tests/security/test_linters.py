"""Containerfiles, workflows and manifests: what is planted is found and placed, the sound twin gives nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scorecard.cli import rendered_manifests
from scorecard.evidence import Status
from security import containerfile, workflows

WEAK_IMAGE = "FROM python:latest\nENV API_TOKEN=zeppelin-orchard-92\nRUN pip install flask\nCOPY . /app\n"
SOUND_IMAGE = "FROM python:3.13.1-slim\nENV API_TOKEN_FILE=/run/token\nCOPY app /app\nUSER 10001\n"
WEAK_FLOW = """on: pull_request_target
permissions: {}
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: echo ${{ github.event.pull_request.title }}
"""
DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "web:1"}]}
"""


@pytest.fixture
def write(tmp_path: Path):
    def put(**files: str) -> None:
        for name, text in files.items():
            path = tmp_path / name.replace("__", "/").replace("_yaml", ".yaml").replace("_yml", ".yml")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    return put


def test_a_weak_containerfile_is_found_where_it_usually_is(make_site, write, fact):
    write(Dockerfile=WEAK_IMAGE)
    evidence = containerfile.collect(make_site())
    assert evidence.status is Status.COMPLETED
    found = {finding.rule: finding for finding in evidence.findings}
    assert found["DL3064"].location == "Dockerfile:2"
    assert (found["DL3064"].cwe, found["DL3064"].severity.value) == ("CWE-798", "high")
    assert found["DL3007"].location == "Dockerfile:1"
    assert found["user"].cwe == "CWE-250"
    assert fact(evidence, "security.containerfile_high").value == 1
    assert fact(evidence, "security.containerfile_files").value == 1
    assert "zeppelin" not in evidence.model_dump_json()
    assert all(finding.remedy for finding in evidence.findings)


def test_the_sound_containerfile_has_no_finding(make_site, write, fact):
    write(images__Containerfile=SOUND_IMAGE)
    evidence = containerfile.collect(make_site(containerfile="images"))
    assert evidence.status is Status.COMPLETED
    assert evidence.findings == ()


def test_the_last_stage_decides_who_runs_it(make_site, write):
    write(Containerfile="FROM a:1 AS build\nUSER 1000\nFROM b:1\nCOPY --from=build /a /a\n")
    assert [f.location for f in containerfile.collect(make_site()).findings if f.rule == "user"] == ["Containerfile:3"]
    write(Containerfile="FROM b:1\nUSER root\n")
    assert [f.rule for f in containerfile.collect(make_site()).findings if f.cwe == "CWE-250"] == ["DL3002"]


def test_a_mark_in_a_containerfile_is_listed_and_settings_silence_nothing(make_site, write, fact, monkeypatch):
    write(Containerfile="FROM a:latest\n# hadolint ignore=DL3003,DL3013\nRUN pip install flask\nUSER 1\n")
    write(**{".hadolint_yaml": "ignored: [DL3007]\n"})
    monkeypatch.setenv("HADOLINT_IGNORE", "DL3007")
    evidence = containerfile.collect(make_site())
    assert fact(evidence, "security.containerfile_suppressed").value == 1
    assert {f.rule: f.suppression is not None for f in evidence.findings}["DL3013"]
    assert not {f.rule: f.suppression is not None for f in evidence.findings}["DL3007"]


def test_a_containerfile_that_cannot_be_parsed_is_a_gap_and_the_other_is_read(make_site, write, assert_unknown, fact):
    write(images__Containerfile=WEAK_IMAGE, **{"images__bad.dockerfile": "FROM a:1\nRUNN x\n"})
    evidence = containerfile.collect(make_site(containerfile="images"))
    assert fact(evidence, "security.containerfile_high").low == 1
    assert "bad.dockerfile: hadolint cannot parse it" in evidence.reason.en


def test_a_weak_workflow_is_found_and_placed(make_site, write, fact):
    write(**{".github__workflows__a_yml": WEAK_FLOW})
    evidence = workflows.collect(make_site())
    assert evidence.status is Status.COMPLETED
    found = {finding.rule: finding for finding in evidence.findings}
    assert found["zizmor/template-injection"].location == ".github/workflows/a.yml:7"
    assert found["zizmor/template-injection"].cwe == "CWE-94"
    assert fact(evidence, "security.workflows_high").value == 2


def test_a_repository_without_workflows_is_known_to_have_no_weak_one_and_a_folder_is_not(
    make_site, commit, tmp_path, fact, assert_unknown
):
    assert_unknown(workflows.collect(make_site()), "security.workflows_high", "target.workflows")
    commit(tmp_path, {"a.py": "x = 1\n"})
    evidence = workflows.collect(make_site())
    assert evidence.status is Status.COMPLETED
    assert fact(evidence, "security.workflows_high").value == 0
    assert fact(evidence, "security.workflows_files").value == 0
    assert "has no GitHub workflow" in fact(evidence, "security.workflows_high").detail


@pytest.mark.parametrize("build", [".gitlab-ci.yml", "Jenkinsfile", ".forgejo/workflows/a.yml"])
def test_a_build_that_no_scanner_reads_is_unknown(make_site, commit, tmp_path, assert_unknown, build):
    commit(tmp_path, {"a.py": "x = 1\n", build: "build: true\n"})
    assert_unknown(workflows.collect(make_site()), "security.workflows_high", "which no scanner here reads")


def test_the_workflows_at_the_top_of_the_repository_are_those_of_a_project_below(make_site, commit, tmp_path, fact):
    commit(tmp_path, {".github/workflows/a.yml": WEAK_FLOW})
    (tmp_path / "below").mkdir()
    evidence = workflows.collect(replace(make_site(), root=tmp_path / "below"))
    assert fact(evidence, "security.workflows_high").value == 2


def test_a_mark_in_a_workflow_is_listed(make_site, write, fact):
    write(
        **{".github__workflows__a_yml": WEAK_FLOW.replace("title }}", "title }} # zizmor: ignore[template-injection]")}
    )
    evidence = workflows.collect(make_site())
    assert fact(evidence, "security.workflows_high").value == 1
    assert fact(evidence, "security.workflows_suppressed").value == 1


def test_a_workflow_that_is_no_yaml_is_a_gap_and_the_other_is_read(make_site, write, fact):
    write(**{".github__workflows__a_yml": WEAK_FLOW, ".github__workflows__b_yml": "on: [push\n"})
    evidence = workflows.collect(make_site())
    assert evidence.status is Status.DEGRADED
    assert "b.yml" in evidence.reason.en
    assert fact(evidence, "security.workflows_high").low == 2


def test_a_misspelt_field_is_found_and_the_sound_manifest_beside_it_is_not(make_site, write, fact):
    misspelt = DEPLOYMENT.replace("replicas", "replica").replace("name: web", "name: bad", 1)
    write(deploy__a_yaml=misspelt, deploy__b_yaml=DEPLOYMENT)
    evidence = rendered_manifests.collect(make_site(manifests="deploy"))
    (found,) = evidence.findings
    assert found.location == "Deployment/bad"
    assert "replica" in found.message
    assert "a.yaml" in found.message
    assert evidence.status is Status.COMPLETED
    assert fact(evidence, "security.manifests_invalid").value == 1
    assert fact(evidence, "security.manifests_validated").value == 2


def test_what_a_patch_misspells_is_misspelt_in_the_whole(make_site, write, fact):
    head = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
    write(
        base__kustomization_yaml=head + "resources: [a.yaml]\n",
        base__a_yaml=DEPLOYMENT,
        over__kustomization_yaml=head + "resources: [../base]\npatches: [{path: p.yaml}]\n",
        over__p_yaml="apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replica: 3}\n",
    )
    evidence = rendered_manifests.collect(make_site(manifests="over"))
    assert [finding.location for finding in evidence.findings] == ["Deployment/web"]


def test_yaml_that_is_broken_is_a_gap_and_the_rest_is_read(make_site, write, fact):
    write(deploy__a_yaml=DEPLOYMENT.replace("replicas", "replica"), deploy__b_yaml="a: [\n")
    evidence = rendered_manifests.collect(make_site(manifests="deploy"))
    assert evidence.status is Status.DEGRADED
    assert "b.yaml" in evidence.reason.en
    assert fact(evidence, "security.manifests_invalid").low == 1


def test_custom_resources_alone_validate_nothing(make_site, write, assert_unknown):
    write(deploy__a_yaml="apiVersion: example.org/v1\nkind: Thing\nmetadata: {name: a}\n")
    evidence = rendered_manifests.collect(make_site(manifests="deploy"))
    assert_unknown(evidence, "security.manifests_invalid", "nothing was validated")
