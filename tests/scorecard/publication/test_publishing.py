"""Publishing a run: what is kept, what is refused, and who may."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from scorecard.publication.roles import Role
from scorecard.publication.submission import files_of


def sent(service, run: Path, token: str, **changes: object) -> httpx.Response:
    body = {"folder": run.name, "files": files_of(run)} | changes
    return service.api(token).post("/api/v1/runs", json=body)


def test_the_command_publishes_a_run_once_and_says_where_it_is(service, run, portance, tmp_path) -> None:
    folder, token = run(), service.token()
    first = portance("publish", str(folder), "--to", service.url, "--json", cwd=tmp_path, PORTANCE_TOKEN=token)
    assert first.returncode == 0, first.stderr
    answer = json.loads(first.stdout)
    assert answer["new"] is True
    again = portance("publish", str(folder), "--to", service.url, cwd=tmp_path, PORTANCE_TOKEN=token)
    assert again.returncode == 0
    assert "Kept already" in again.stdout
    kept = service.api(token).get(f"/api/v1/runs/{answer['digest']}/scorecard.json")
    assert kept.content == (folder / "scorecard.json").read_bytes()
    assert kept.headers["Cache-Control"] == "no-store"
    files = service.api(token).get(f"/api/v1/runs/{answer['digest']}/files").json()
    assert files["evidence/service.json"] == (folder / "evidence" / "service.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--to", "http://127.0.0.1:9"], "does not answer"),
        (["--to", "http://portance.example"], "in the clear"),
        (["--to", "https://"], "does not answer"),
    ],
)
def test_what_cannot_be_sent_is_one_line_and_exit_code_2(run, portance, tmp_path, arguments, said) -> None:
    done = portance("publish", str(run()), *arguments, cwd=tmp_path, PORTANCE_TOKEN="portance_x")
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    without = portance("publish", str(run()), *arguments, cwd=tmp_path, PORTANCE_TOKEN="")
    assert "PORTANCE_TOKEN is not set" in without.stderr


def test_a_scorecard_made_better_by_hand_is_refused(service, run) -> None:
    folder, token = run(), service.token()
    card = folder / "scorecard.json"
    card.write_text(card.read_text(encoding="utf-8").replace('"undetermined"', '"go"', 1), encoding="utf-8")
    answer = sent(service, folder, token)
    assert answer.status_code == 422
    assert "not what its evidence gives" in answer.json()["detail"]
    assert service.api(token).get("/api/v1/projects").json() == []


def test_evidence_changed_after_the_run_is_refused(service, run) -> None:
    folder, token = run(started_in=90.0), service.token()
    path = folder / "evidence" / "service.json"
    path.write_text(path.read_text(encoding="utf-8").replace("90.0", "1.0"), encoding="utf-8")
    answer = sent(service, folder, token)
    assert answer.status_code == 422
    assert "digest" in answer.json()["detail"]


def test_what_is_not_a_whole_run_is_refused_with_the_reason(service, run) -> None:
    folder, token = run(), service.token()
    files = files_of(folder)
    for change, said in (
        ({k: v for k, v in files.items() if not k.startswith("evidence/")}, "no evidence"),
        ({k: v for k, v in files.items() if k != "portance.toml"}, "portance.toml is missing"),
        (files | {"run.json": '{"state": "interrupted"}'}, "did not go to its end"),
        (files | {"../escape.json": "{}"}, "not a file of a run"),
        (files | {"portance.toml": "[project"}, "not valid TOML"),
        (files | {"run.json": '{"state": "completed"}'}, "graded_on"),
    ):
        answer = sent(service, folder, token, files=change)
        assert (answer.status_code, said in answer.text) == (422, True), answer.text
    assert sent(service, folder, token, folder="../../etc").status_code == 422
    assert service.api(token).post("/api/v1/runs", content=b"{").status_code == 422
    assert service.api(token).post("/api/v1/runs", content=b" " * (1024 * 1024 + 1)).status_code == 413


def test_a_token_ends_with_its_day_its_role_and_its_project(service, run) -> None:
    folder = run("Masques")
    assert sent(service, folder, "portance_unknown").status_code == 401
    assert sent(service, folder, service.token(days=-1)).status_code == 401
    assert sent(service, folder, service.token(Role.READER)).status_code == 403
    assert sent(service, folder, service.token(project="Another")).status_code == 404
    own = service.token(project="Masques")
    assert sent(service, folder, own).status_code == 201
    assert [p["project"] for p in service.api(own).get("/api/v1/projects").json()] == ["Masques"]
    other = service.api(service.token(Role.READER, project="Another"))
    assert other.get("/api/v1/projects").json() == []
    assert other.get("/api/v1/projects/Masques/runs").status_code == 404
    digest = service.api(own).get("/api/v1/projects/Masques/runs").json()[0]["digest"]
    for path in ("scorecard.json", "files"):
        assert other.get(f"/api/v1/runs/{digest}/{path}").status_code == 404


def test_the_history_is_in_the_order_the_runs_were_made(service, run) -> None:
    token = service.token()
    later, earlier = run(minute=5), run(minute=1, started_in=2.5)
    for folder in (later, earlier):
        assert sent(service, folder, token).status_code == 201
    made = [r["made"] for r in service.api(token).get("/api/v1/projects/Masques/runs").json()]
    assert made == [later.name[:16], earlier.name[:16]]
    found = service.api(token).get("/api/v1/projects").json()
    assert (found[0]["runs"], found[0]["standing"]) == (2, "undetermined")


def test_refusals_are_problem_documents_in_the_language_of_the_caller(service) -> None:
    answer = service.api("portance_unknown").get("/api/v1/projects", headers={"Accept-Language": "fr-FR,fr;q=0.9"})
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json()["detail"].startswith("Connectez-vous")
    assert service.api(service.token()).get("/api/v1/projects/none/runs").status_code == 404
    assert service.api(service.token()).get("/api/v1/nothing").json()["status"] == 404
