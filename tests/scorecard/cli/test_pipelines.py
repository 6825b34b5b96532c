"""The GitHub action, the GitLab component, the hook and the image, run as their own lines where that can be."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import yaml

from scorecard.evidence import Finding, Severity, read, write
from security.tool import run as run_tool
from security.tool import scanner

ROOT = Path(__file__).resolve().parents[3]
WEAK = Finding(category="code", rule="B602", severity=Severity.HIGH, location="src/a.py:7", message="shell=True")
Done = subprocess.CompletedProcess[str]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A checkout, and beside it the action as GitHub unpacks it and the programs that the image holds."""
    action, image = tmp_path / "action", tmp_path / "image"
    shutil.copytree(ROOT / ".ci", action / ".ci")
    shutil.copy(ROOT / "action.yml", action)
    image.mkdir()
    shutil.copy(ROOT / ".ci" / "assess", image / "portance-assess")
    (tmp_path / "checkout").mkdir()
    return tmp_path


def shell(script: str, place: Path, **environment: str) -> Done:
    """Runs a script as GitHub runs a step in bash, with nothing of this machine in its environment but the programs."""
    (place / "step.sh").write_text(script, encoding="utf-8")
    path = f"{Path(sys.executable).parent}:{place / 'image'}:/usr/local/bin:/usr/bin:/bin"
    return subprocess.run(
        ["/bin/bash", "--noprofile", "--norc", "-eo", "pipefail", str(place / "step.sh")],
        cwd=place / "checkout",
        env={"PATH": path, "HOME": str(place), "LANG": "C.UTF-8", **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def action(place: Path, **inputs: str) -> tuple[Done, dict[str, str], str]:
    """The step of ``action.yml`` with ``inputs``: how it ended, its outputs, and the summary of the job."""
    document = yaml.safe_load((place / "action" / "action.yml").read_text(encoding="utf-8"))
    (step,) = document["runs"]["steps"]
    given = {name: inputs.get(name, spec["default"]) for name, spec in document["inputs"].items()}
    assert set(inputs) <= set(given)
    variables = {
        name: re.sub(r"\$\{\{ inputs\.([a-z]+) \}\}", lambda found: given[found[1]], text)
        for name, text in step["env"].items()
    }
    outputs, summary = place / "outputs", place / "summary.md"
    done = shell(
        step["run"],
        place,
        GITHUB_ACTIONS="true",
        GITHUB_ACTION_PATH=str(place / "action"),
        GITHUB_OUTPUT=str(outputs),
        GITHUB_STEP_SUMMARY=str(summary),
        GITHUB_REF_NAME="main",
        RUNNER_TEMP=str(place),
        **variables,
    )
    written = outputs.read_text(encoding="utf-8").splitlines() if outputs.exists() else []
    promised = {
        re.fullmatch(r"\$\{\{ steps\.assess\.outputs\.([a-z-]+) \}\}", o["value"])[1]
        for o in document["outputs"].values()
    }
    values = dict(line.split("=", 1) for line in written)
    assert promised <= set(values) or not values
    return done, values, summary.read_text(encoding="utf-8") if summary.exists() else ""


def component(place: Path, **inputs: str) -> tuple[Done, dict]:
    """The script of the GitLab component with ``inputs``: how it ended, and its job."""
    text = (ROOT / ".ci" / "gitlab" / "portance.yml").read_text(encoding="utf-8")
    spec = next(iter(yaml.safe_load_all(text)))["spec"]["inputs"]
    given = {"image": "portance", **{name: one["default"] for name, one in spec.items() if "default" in one}, **inputs}
    assert set(given) == set(spec)
    body = re.sub(r"\$\[\[ inputs\.([a-z_]+) \]\]", lambda found: json.dumps(given[found[1]]), text.split("\n---\n")[1])
    job = yaml.safe_load(body)["portance"]
    return shell("\n".join(job["script"]), place, CI_COMMIT_REF_NAME="main", GITLAB_CI="true", **job["variables"]), job


def fingerprint(folder: Path) -> str:
    names = sorted(path for path in folder.rglob("*") if path.is_file())
    return hashlib.sha256(b"".join(str(p).encode() + p.read_bytes() for p in names)).hexdigest()


RUNS = {
    0: ("go", {}),
    1: ("no_go", {"security.code_high": 1}),
    2: ("undetermined", {"security.code_high": None}),
}


@pytest.mark.parametrize("code", RUNS)
def test_the_github_action_ends_as_the_gate_does_and_says_why(place, judged_run, code) -> None:
    decision, worse = RUNS[code]
    run = judged_run("judged", worse=worse)
    evidence = read(run / "evidence" / "code.json")
    write(evidence.model_copy(update={"findings": (WEAK,), "digest": ""}), run / "evidence")
    before = fingerprint(run)
    done, outputs, summary = action(place, run=str(run))
    assert done.returncode == code, done.stderr
    assert (outputs["decision"], outputs["exit-code"]) == (decision, str(code))
    assert "::error file=src/a.py,line=7,title=code/B602::shell=True" in done.stdout
    assert f"Exit code {code} by the built-in rule" in done.stdout
    assert re.match(r"## The gate (is open|is closed|could not judge)\n", summary)
    assert "\n# Aid: " in summary
    reports = place / "checkout" / "portance-report"
    sarif = json.loads((reports / "scorecard.sarif").read_text(encoding="utf-8"))
    assert sarif["runs"][0]["properties"]["decision"] == decision
    assert (reports / "scorecard.html").is_file()
    assert fingerprint(run) == before


def test_the_github_action_passes_policy_stage_and_baseline_on(place, judged_run) -> None:
    before, now = judged_run("before"), judged_run("now", worse={"security.code_medium": 9})
    (place / "checkout" / "p.toml").write_text('[[stages]]\nname = "opening"\nnew_failures = 0\n', encoding="utf-8")
    done, outputs, _ = action(
        place, run=str(now), policy="p.toml", stage="opening", baseline=str(before), lang="fr", reports="out"
    )
    assert (done.returncode, outputs["policy"]) == (1, "p.toml")
    assert (
        "::error file=p.toml,line=3,title=Refusé par la politique::1 en échec, et pas dans la référence" in done.stdout
    )
    assert (place / "checkout" / "out" / "junit.xml").is_file()


def test_the_github_action_assesses_a_service_of_the_checkout(place, poc) -> None:
    checkout = place / "checkout"
    for name in ("poc.py", "portance.toml", "src"):
        (poc / name).rename(checkout / name)
    done, outputs, summary = action(place, only="http,code", profile="smoke")
    assert (done.returncode, outputs["decision"]) == (2, "undetermined"), done.stderr
    assert "# Masques: Undetermined" in summary
    evidence = {path.stem for path in (checkout / "runs" / "latest" / "evidence").iterdir()}
    assert {"http", "code", "service"} <= evidence
    assert shell("portance verify", place).returncode == 0  # what a run leaves is what it says it is
    (checkout / "portance.toml").write_text("[project]\n", encoding="utf-8")
    broken, _, _ = action(place)
    assert (broken.returncode, "no run was made" in broken.stderr) == (2, True)


def test_no_word_of_a_pipeline_is_run_as_shell(place, judged_run) -> None:
    hostile = '"; touch pwned; echo $(touch pwned) `touch pwned` ${IFS} *'
    done, _, _ = action(place, run=str(judged_run("quoted")), policy=hostile, stage=hostile, baseline=hostile)
    assert (done.returncode, "cannot be read" in done.stderr) == (2, True)
    done, _ = component(place, run=hostile, lang="en")
    assert (done.returncode, "not a run folder" in done.stderr) == (2, True)
    assert not list(place.rglob("pwned"))


@pytest.mark.parametrize("code", RUNS)
def test_the_gitlab_component_ends_as_the_gate_does_and_leaves_its_reports(place, judged_run, code) -> None:
    run = judged_run("judged", worse=RUNS[code][1])
    done, job = component(place, run=str(run), lang="fr")
    assert done.returncode == code, done.stderr
    assert f"Code de sortie {code} par la règle de base" in done.stdout
    assert not [line for line in done.stdout.splitlines() if line.startswith("::")]
    checkout = place / "checkout"
    reports = {kind: checkout / path for kind, path in job["artifacts"]["reports"].items()}
    assert job["artifacts"]["when"] == "always"
    suites = ET.parse(reports["junit"]).getroot()  # noqa: S314 (our own output)
    assert len(list(suites.iter("testcase"))) == int(suites.get("tests", "0")) > 100
    assert len(list(suites.iter("failure"))) == int(suites.get("failures", "0"))
    issues = json.loads(reports["codequality"].read_text(encoding="utf-8"))
    assert {issue["check_name"] for issue in issues} >= ({"security.code-high"} if code else set())
    assert f"portance_exit_code {code}.0" in reports["metrics"].read_text(encoding="utf-8")


def test_the_gitlab_component_takes_the_stage_of_the_branch(place, judged_run) -> None:
    run = judged_run("staged", worse={"security.code_medium": 9})
    policy = '[[stages]]\nname = "opening"\nbranches = ["main"]\nblocking = ["security.code-medium"]\n'
    (place / "checkout" / "portance-policy.toml").write_text(policy, encoding="utf-8")
    done, _ = component(place, run=str(run), lang="en")
    assert (done.returncode, "(opening)" in done.stdout) == (1, True)


def test_what_cannot_be_installed_could_not_judge(place) -> None:
    (place / "action" / ".ci" / "install").write_text("#!/bin/bash\nexit 1\n", encoding="utf-8")
    assert action(place)[0].returncode == 2
    bare = subprocess.run(
        ["/bin/bash", str(place / "image" / "portance-assess")],
        env={"PATH": "/usr/bin:/bin", "PORTANCE_RUN": "run"}, cwd=place, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert bare.returncode == 2


@pytest.fixture
def hook() -> list[str]:
    """The words of the hook, as pre-commit runs them: those of a program on the path, then the files."""
    (one,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert (one["language"], one.get("pass_filenames", True)) == ("python", True)
    return [str(word) for word in one["entry"].split()]


@pytest.mark.parametrize(
    ("name", "content", "code", "said"),
    [
        ("src/good.py", "def answer() -> int:\n    return 42\n", 0, ""),
        ("tests/test_good.py", "def test_it():\n    assert True\n", 0, ""),
        ("src/weak.py", "import subprocess\nsubprocess.call('ls', shell=True)\n", 1, "src/weak.py:2: "),
        ("conf.txt", 'aws = "AKIAIOSFODNN7EXAMPLQ"\n', 1, "conf.txt:1: "),
        ("src/broken.py", "def (:\n", 2, "not valid Python"),
        (
            "portance.toml",
            '[project]\nname = "x"\nusrs = 3\n[target]\n',
            1,
            "portance.toml:3: project.usrs: unknown key",
        ),
        ("portance-policy.toml", "[gate]\n", 1, "portance-policy.toml:1: gate: no rule in it"),
        ("picture.svg", "<svg/>\n", 0, ""),
    ],
)
def test_the_hook_looks_at_changed_files_by_what_they_are(tmp_path, inside, hook, name, content, code, said) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(content, encoding="utf-8")
    done = inside(*hook[1:], name)
    assert (done.returncode, said in done.stdout) == (code, True), done.stdout
    assert bool(done.stdout) == bool(code)


def test_the_hook_is_a_command_of_the_program(tmp_path, portance, hook) -> None:
    assert hook[0] == "portance"
    (tmp_path / "portance.toml").write_text("[project]\n", encoding="utf-8")
    assert portance(*hook[1:], "portance.toml", cwd=tmp_path).returncode == 1
    assert portance(*hook[1:], "/etc/hostname", cwd=tmp_path).returncode == 2


def test_zizmor_finds_nothing_in_the_action_and_something_in_a_careless_one(tmp_path) -> None:
    tool = scanner("zizmor")
    arguments = ("--offline", "--no-progress", "--quiet", "--format", "json")
    sound = run_tool(tool, (*arguments, str(ROOT / "action.yml")), timeout_s=60)
    assert (sound.exit_code, json.loads(sound.stdout)) == (0, [])
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    careless = tmp_path / "action.yml"
    careless.write_text(text.replace('"$GITHUB_ACTION_PATH/.ci/assess"', "echo ${{ inputs.run }}"), encoding="utf-8")
    assert run_tool(tool, (*arguments, str(careless)), timeout_s=60).exit_code != 0


def test_hadolint_finds_nothing_in_the_image_and_something_in_a_careless_one(tmp_path) -> None:
    tool = scanner("hadolint")
    assert run_tool(tool, (str(ROOT / "Containerfile"),), timeout_s=60).exit_code == 0
    careless = tmp_path / "Containerfile"
    careless.write_text("FROM python:latest\nRUN cd /srv && sudo pip install portance\n", encoding="utf-8")
    assert run_tool(tool, (str(careless),), timeout_s=60).exit_code != 0


def test_the_image_holds_every_room_and_runs_as_nobody_in_particular() -> None:
    text = (ROOT / "Containerfile").read_text(encoding="utf-8")
    copied = {m[1] for m in re.finditer(r"^COPY (?:--\S+ )*([^-\s]\S*) ", text, re.MULTILINE)}
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"]
    assert set(wheel["wheel"]["packages"]) <= copied
    assert all((ROOT / source).exists() for source in copied if not source.startswith("/"))
    final = text.rsplit("\nFROM ", 1)[1]
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", final, re.MULTILINE)
    assert not re.search(r"(?i)^(ENV|ARG).*(password|token|secret)", text, re.MULTILINE)
    assert re.search(r"^ARG PYTHON=python:\d+\.\d+\.\d+-slim-\w+$", text, re.MULTILINE)


@pytest.mark.parametrize("script", ["assess", "install"])
def test_the_scripts_stop_at_the_first_mistake(script) -> None:
    path = ROOT / ".ci" / script
    assert os.access(path, os.X_OK)
    assert "\nset -euo pipefail\n" in path.read_text(encoding="utf-8")
    subprocess.run(["/bin/bash", "-n", str(path)], check=True, timeout=30)
