"""Sessions on a real server: what one visitor sends, keeps and notices."""

from __future__ import annotations

import json
from collections.abc import Callable
from email import message_from_bytes
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from loadtests.generator import TRACES, GeneratorError, Means, generator
from scorecard.project_journeys import Journey

Run = dict[str, list[dict[str, Any]]]

_SCAN = bytes(range(256)) * 4
_POPULATIONS = {"citizen": 1000, "agent": 10}


def journeys(other: str) -> list[Journey]:
    """One journey a behaviour; ``other`` is the address of another server."""
    steps: dict[str, list[dict[str, Any]]] = {
        "cookies": [{"get": "/login"}, {"get": "/private"}],
        "stranger": [{"get": "/private"}],
        "json": [
            {
                "post": "/echo",
                "json": {"siret": "{siret}", "n": "{n}", "in": ["{uuid}"]},
                "headers": {"Idempotency-Key": "{uuid}"},
                "expect": 201,
                "extract": {"siret2": "$.siret", "etag": "header:ETag", "key": "$.in[0]"},
            },
            {"get": "/echo/{siret2}?tag={etag}&key={key}", "contains": "{siret}"},
        ],
        "form": [{"post": "/form", "form": {"csrf": "a b&c", "name": "{name}"}}],
        "upload": [
            {
                "post": "/upload",
                "form": {"kind": "{uuid}"},
                "files": {
                    "proof": {"name": "usager-{n}.pdf", "type": "application/pdf", "text": "%PDF {n}", "size": 5000},
                    "scan": {"name": "scan.png", "type": "image/png", "path": "files/scan.png"},
                },
                "expect": 201,
            }
        ],
        "page": [{"get": "/page", "extract": {"link": 'regex:href="([^"]+)"'}}, {"get": "{link}", "contains": "1&2"}],
        "redirects": [{"get": "/hop/3", "contains": "arrived"}],
        "sees_redirect": [{"get": "/hop/1", "expect": 303, "extract": {"to": "header:Location"}}, {"get": "{to}"}],
        "login_page": [{"get": "/expired", "contains": "dossier"}],
        "error_page": [{"get": "/sorry", "contains": "dossier"}],
        "no_value": [{"get": "/sorry", "extract": {"id": "$.id"}}],
        "empty_queue": [{"get": "/queue", "expect": [200, 404]}, {"get": "/never"}],
        "fails": [{"get": "/broken"}, {"get": "/never"}],
        "latin": [{"get": "/latin", "expect": 404}],
        "lost": [{"get": "/queue", "verify": True}],
        "elsewhere": [{"get": "/there", "extract": {"idp": "header:X-Other"}}, {"get": "{idp}/slow"}, {"get": "/ok"}],
        "through_another": [{"get": f"/via?to={other}", "contains": "arrived"}],
    }
    return [Journey.model_validate({"name": name, "steps": its}) for name, its in steps.items()]


@pytest.fixture(scope="module")
def other(serve: Callable[..., Any], respond: Any) -> Any:
    async def handler(request: Any) -> Any:
        if request.path.startswith("/back?to="):
            return respond(302, headers={"Location": request.path.removeprefix("/back?to=")})
        return respond()

    return serve(handler)


@pytest.fixture(scope="module")
def target(serve: Callable[..., Any], respond: Any, other: Any) -> Any:
    async def handler(request: Any) -> Any:
        path, _, query = request.path.partition("?")
        host = request.headers["host"]
        match path.strip("/").split("/"):
            case ["login"]:
                return respond(headers={"Set-Cookie": "sid=42; Path=/; HttpOnly; Secure"})
            case ["private"]:
                return respond() if "sid=42" in request.headers.get("cookie", "") else respond(401)
            case ["echo"]:
                return respond(201, request.body, {"ETag": "e&1", "Content-Type": "application/json"})
            case ["echo", siret]:
                return respond(200, f"{siret} {query}".encode())
            case ["form"]:
                given = parse_qs(request.body.decode())
                return respond(200 if given["csrf"] == ["a b&c"] and given["name"] else 422)
            case ["upload"]:
                return respond(201 if is_the_upload(request) else 422)
            case ["page"]:
                return respond(200, b'<a href="/next?a=1&amp;2">', {"Content-Type": "text/html"})
            case ["next"]:
                return respond(200, query.encode())
            case ["hop", "0"] | ["arrived"]:
                return respond(200, b"arrived")
            case ["hop", left]:
                return respond(303, headers={"Location": f"/hop/{int(left) - 1}"})
            case ["expired"]:
                return respond(302, headers={"Location": "/sorry"})
            case ["sorry"]:
                return respond(200, b"<h1>Une erreur est survenue</h1>")
            case ["queue"]:
                return respond(404)
            case ["broken"]:
                return respond(500)
            case ["latin"]:
                return respond(404, "introuvable, désolé".encode("latin-1"))
            case ["there"]:
                return respond(headers={"X-Other": other.url})
            case ["via"]:
                return respond(302, headers={"Location": f"{query.removeprefix('to=')}/back?to=http://{host}/arrived"})
            case _:
                return respond()

    return serve(handler)


def is_the_upload(request: Any) -> bool:
    """Whether the parts are those that the journey sends, each with its name and type."""
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    parts = {
        part.get_param("name", header="content-disposition"): part
        for part in message_from_bytes(head + request.body).walk()
        if not part.is_multipart()
    }
    proof, scan = parts["proof"].get_payload(decode=True), parts["scan"].get_payload(decode=True)
    number = str(parts["proof"].get_filename()).removeprefix("usager-").removesuffix(".pdf")
    return (
        set(parts) == {"kind", "proof", "scan"}
        and len(parts["kind"].get_payload()) == 36
        and proof.startswith(f"%PDF {number}".encode())
        and len(proof) == 5000
        and scan == _SCAN
        and parts["scan"].get_content_type() == "image/png"
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("load")


@pytest.fixture(scope="module")
def walked(target: Any, other: Any, folder: Path) -> Run:
    """Each journey walked once by a lone visitor."""
    every = journeys(other.url)
    (folder / "files").mkdir()
    (folder / "files/scan.png").write_bytes(_SCAN)
    with generator(target.url, every, _POPULATIONS, folder, 1, Means(root=folder)) as running:
        return {journey.name: running.smoke(journey, think_scale=1.0)["steps"] for journey in every}


def errors(walked: Run, name: str) -> list[str | None]:
    return [step["error"] for step in walked[name]]


@pytest.mark.parametrize(
    "name",
    [
        "cookies",
        "json",
        "form",
        "upload",
        "page",
        "redirects",
        "sees_redirect",
        "latin",
        "elsewhere",
        "through_another",
    ],
)
def test_a_journey_that_works_has_no_error(name: str, walked: Run) -> None:
    assert errors(walked, name) == [None] * len(walked[name])


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("stranger", "status 401"),
        ("login_page", "text not found"),
        ("error_page", "text not found"),
        ("no_value", "id not found"),
        ("fails", "status 500"),
        ("lost", "status 404"),
    ],
)
def test_a_step_that_fails_ends_the_session_and_says_how(name: str, error: str, walked: Run) -> None:
    assert errors(walked, name) == [error]


def test_another_expected_status_ends_the_journey_without_error(walked: Run) -> None:
    assert [(step["status"], step["error"]) for step in walked["empty_queue"]] == [(404, None)]


def test_every_redirect_followed_is_a_request_to_the_target(walked: Run) -> None:
    assert [step["hops"] for step in walked["redirects"]] == [4]
    assert [step["hops"] for step in walked["sees_redirect"]] == [1, 1]


def test_requests_to_another_server_are_none_to_the_target(walked: Run) -> None:
    assert [step["hops"] for step in walked["elsewhere"]] == [1, 0, 1]
    assert [step["hops"] for step in walked["through_another"]] == [2]


def test_each_session_has_cookies_of_its_own(walked: Run, target: Any) -> None:
    anonymous = [r for r in target.seen if r.path == "/private" and "cookie" not in r.headers]
    assert len(anonymous) == 1


def test_a_target_with_a_name_and_a_password_is_told_them_and_no_other_server_is(
    target: Any, other: Any, tmp_path: Path
) -> None:
    through = Journey.model_validate(
        {"name": "through", "steps": [{"get": f"/via?to={other.url}", "contains": "arrived"}]}
    )
    before = len(target.seen), len(other.seen)
    url = target.url.replace("http://", "http://me:p%40ss@")
    with generator(url, [through], _POPULATIONS, tmp_path, seed=1) as running:
        assert running.smoke(through, 1.0)["steps"][0]["error"] is None
    assert target.seen[before[0]].headers["authorization"] == "Basic bWU6cEBzcw=="
    assert all("authorization" not in request.headers for request in other.seen[before[1] :])


def test_one_step_has_one_uuid_and_the_next_another(walked: Run, target: Any) -> None:
    (posted,) = [r for r in target.seen if r.path == "/echo"]
    body = json.loads(posted.body)
    assert body["in"] == [posted.headers["idempotency-key"]]
    assert isinstance(body["n"], int)


def test_every_request_carries_a_trace_and_sampled_ones_are_listed(walked: Run, target: Any, folder: Path) -> None:
    listed = [json.loads(line) for line in (folder / TRACES).read_text(encoding="utf-8").splitlines()]
    seen = {r.headers["traceparent"].split("-")[1]: r.headers["traceparent"][-2:] for r in target.seen}
    assert set(seen.values()) == {"01"}  # lone visitors are all sampled
    assert {line["trace_id"] for line in listed} == set(seen)
    assert {"trace_id", "name", "persona", "start", "latency_s", "ok", "took_s"} == set(listed[0])
    assert {line["name"] for line in listed if not line["ok"]} >= {"GET /broken", "GET /sorry"}


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ({"get": "/{unknown}"}, "step 1 .*unknown.* is neither generated"),
        ({"get": "/", "extract": {"x": "regex:("}}, "extract regex"),
        ({"post": "/", "files": {"a": {"name": "a", "path": "none.pdf"}}}, "none.pdf cannot be read"),
        ({"post": "/", "files": {"a": {"name": "a", "text": "{none}"}}}, "none.* is neither generated"),
    ],
)
def test_a_journey_that_cannot_work_is_refused_before_any_load(
    step: dict[str, Any], message: str, target: Any, tmp_path: Path
) -> None:
    wrong = Journey.model_validate({"name": "wrong", "steps": [step]})
    with pytest.raises(GeneratorError, match=message), generator(target.url, [wrong], _POPULATIONS, tmp_path, seed=1):
        pass
