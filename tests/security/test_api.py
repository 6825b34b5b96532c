"""The API under schemathesis: each planted defect is caught with its request, and a tool that fails clears nothing."""

from __future__ import annotations

import json
from random import Random

import pytest
from api_service import DOCUMENT

from scorecard.evidence import Status
from security import api, api_report
from security.api_document import declares_sign_in
from security.api_identities import Identities

ERRORS = "security.api_server_errors"
IGNORED = "security.api_auth_ignored"
OPEN = "security.api_objects_open"
UNDOCUMENTED = "security.api_undocumented_answers"
SHARE = "security.api_asked_share"


def values(evidence):
    return {fact.id: fact.value for fact in evidence.facts}


def test_the_sound_twin_gives_no_finding_and_every_operation_was_asked(api_service, api_site):
    evidence = api.collect(api_site(api_service()), random=Random(4))
    assert evidence.status is Status.COMPLETED, evidence.reason
    assert [finding.message for finding in evidence.findings] == []
    assert values(evidence) == {ERRORS: 0, IGNORED: 0, OPEN: 0, UNDOCUMENTED: 0, SHARE: 1.0}


def test_planted_defects_are_caught_with_their_requests(api_service, api_site, tmp_path):
    url = api_service("fails", "ignores the sign-in", "object", "undocumented")
    evidence = api.collect(api_site(url, profile="quick"), random=Random(4))
    found = {(finding.rule, finding.location): finding for finding in evidence.findings}
    assert ("api-server-error", "GET /files/{file_id}") in found
    assert ("api-ignored-authentication", "GET /me") in found
    assert ("api-object-level-access", "GET /files/{file_id}") in found
    assert values(evidence)[ERRORS] == 1
    assert values(evidence)[OPEN] == 1
    error = found["api-server-error", "GET /files/{file_id}"]
    assert "fails with 500: curl -X GET '$URL/files/" in error.message
    assert error.cwe == "CWE-755"
    assert all(finding.remedy for finding in evidence.findings)
    written = evidence.model_dump_json() + "".join(p.read_text() for p in tmp_path.rglob("*") if p.is_file())
    assert "Bearer" not in written
    assert "example.org" not in written
    assert "identities.json" not in {path.name for path in tmp_path.rglob("*")}


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("<html>", "does not appear syntactically valid"),
        ({"paths": {}}, "Unable to determine the Open API version"),
    ],
)
def test_a_broken_document_is_told_in_one_line(api_service, api_site, assert_unknown, document, said):
    evidence = api.collect(api_site(api_service(document=document)), random=Random(4))
    assert evidence.status is Status.ERROR
    assert_unknown(evidence, ERRORS, said)
    assert "\n" not in evidence.reason.en


EVENTS = [
    {"LoadingFinished": {"statistic": {"operations": {"selected": 2}}}},
    {"EngineFinished": {}},
]


def scenario(status, *, check="not_a_server_error", outcome="failure", identity=None, body=None, path="/a"):
    failure = {"operation": f"POST {path}", "message": "Server error\nmore"}
    case = {"method": "POST", "path": path, "auth_identity": identity, "meta": {"phase": {"name": "fuzzing"}}}
    request = {"method": "POST", "uri": f"http://127.0.0.1:1{path}?q='x", "headers": {}, "body": body}
    return {
        "ScenarioFinished": {
            "recorder": {
                "label": f"POST {path}",
                "cases": {"c": {"value": case}},
                "interactions": {"c": {"request": request, "response": {"status_code": status}}},
                "checks": {"c": [{"name": check, "status": outcome, "failure_info": {"failure": failure}}]},
            }
        }
    }


def reading(*events):
    return api_report.read(json.dumps(event) for event in events)


def test_methods_that_the_document_does_not_name_are_no_operations_of_it():
    other = scenario(405, outcome="success")
    other["ScenarioFinished"]["recorder"]["cases"]["c"]["value"]["method"] = "TRACE"
    assert set(reading(*EVENTS, scenario(200, outcome="success"), other).answers) == {"POST /a"}


def test_a_service_that_asks_to_come_back_later_has_not_failed():
    assert reading(*EVENTS, scenario(503), scenario(501)).failures == []
    assert [one.status for one in reading(*EVENTS, scenario(500)).failures] == [500]


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ({"$base64": "eyJhIjogMX0="}, """-d '{"a": 1}'"""),
        ({"$base64": "sQ=="}, "-d $(echo sQ== | base64 -d)"),
        ({"$base64": "?"}, "-d …"),
        (None, ""),
    ],
)
def test_a_request_is_shown_as_it_can_be_sent_again(body, shown):
    (failure,) = reading(*EVENTS, scenario(500, body=body, identity="citizen-1")).failures
    assert failure.request.startswith("""curl -X POST '$URL/a?q='"'"'x' (signed in as citizen-1)""")
    assert failure.request.endswith(shown)


@pytest.mark.parametrize("line", ["", "[]", "{}", "nonsense", '{"LoadingFinished": 1}', '{"ScenarioFinished": {}}'])
def test_what_is_no_event_is_refused(line):
    with pytest.raises(api_report.NotAReportError):
        api_report.read([line])


def writing(*lines):
    content = "\n".join(json.dumps(line) for line in lines)
    return f"open('report.ndjson', 'w').write({content!r})"


@pytest.mark.parametrize(
    ("then", "word"),
    [
        ("sys.exit(0)", "no whole report"),
        ("sys.exit(3)", "exit code 3"),
        ("os.abort()", "no whole report"),
        ("open('report.ndjson', 'w').write('Traceback')", "no event"),
        ("open('report.ndjson', 'wb').write(b'\\xff')", "no whole report"),
        ("time.sleep(600)", "was stopped"),
        (writing(EVENTS[0]), "no whole report"),
        (writing(EVENTS[0]) + "; time.sleep(600)", "was stopped"),
        (writing({"LoadingFinished": {"statistic": {"operations": {"selected": 0}}}}, EVENTS[1]), "no operation"),
        (writing(*EVENTS), "no operation of the API was answered"),
        (
            writing(
                EVENTS[0], scenario(401, outcome="success"), scenario(403, outcome="success", path="/b"), EVENTS[1]
            ),
            "refused every request",
        ),
        (writing(EVENTS[0], scenario(200, outcome="success"), EVENTS[1]), "1 of 2 operations were not asked"),
    ],
)
def test_a_tool_that_fails_clears_nothing(api_service, api_site, fake_tool, assert_unknown, then, word):
    tool = fake_tool(then)
    limit = 0.5 if "sleep" in then else 60.0
    evidence = api.collect(api_site(api_service()), tool=tool, random=Random(4), timeout_s=limit)
    for name in (ERRORS, IGNORED, OPEN, UNDOCUMENTED):
        assert_unknown(evidence, name, word)


def test_what_was_written_before_the_tool_was_stopped_counts(api_service, api_site, fake_tool, fact):
    lines = writing(EVENTS[0], scenario(500), scenario(200, outcome="success", path="/b"))
    cut = "open('report.ndjson', 'a').write(chr(10) + '{\"Scenario')"
    tool = fake_tool(f"{lines}; {cut}; time.sleep(600)")
    evidence = api.collect(api_site(api_service()), tool=tool, random=Random(4), timeout_s=3.0)
    assert evidence.status is Status.DEGRADED
    assert "was stopped" in evidence.reason.en
    assert fact(evidence, ERRORS).value == fact(evidence, ERRORS).low == 1
    assert fact(evidence, UNDOCUMENTED).value is None


@pytest.mark.parametrize("only", [0, 1])
def test_without_two_people_nothing_is_said_of_what_they_keep_from_each_other(
    api_service, api_site, fake_tool, fact, only
):
    both = (scenario(200, outcome="success"), scenario(200, outcome="success", path="/b"))
    tool = fake_tool(writing(EVENTS[0], *both, EVENTS[1]))
    site = api_site(api_service(), signing_in=only == 1)
    if only:
        project = site.project.model_copy(update={"project": site.project.project.model_copy(update={"users": 1})})
        site = type(site)(project=project, root=site.root, run=site.run, url=site.url, profile=site.profile)
    evidence = api.collect(site, tool=tool, random=Random(4))
    assert values(evidence)[ERRORS] == 0
    assert values(evidence)[OPEN] is None
    assert (values(evidence)[IGNORED] is None) == (only == 0)


def test_elsewhere_it_only_reads_and_only_with_leave(api_site, fake_tool, assert_unknown, tmp_path):
    away = "http://service.example.test"
    evidence = api.collect(api_site(away))
    assert evidence.status is Status.SKIPPED
    assert_unknown(evidence, ERRORS, "remote = true")
    site = api_site(away, remote=True, signing_in=False)
    api.collect(site, tool=fake_tool(f"open({str(tmp_path / 'words')!r}, 'w').write(repr(sys.argv))"))
    assert "'--include-method', 'GET'" in (tmp_path / "words").read_text()


def test_signing_out_is_left_alone(api_service, api_site, fake_tool, tmp_path):
    site = api_site(api_service())
    api.collect(site, tool=fake_tool(f"open({str(tmp_path / 'words')!r}, 'w').write(repr(sys.argv))"))
    written = (tmp_path / "words").read_text()
    assert "--exclude-path-regex" in written
    assert "'--include-method'" not in written


def test_without_a_document_the_api_is_not_asked(api_site, make_site, assert_unknown):
    assert_unknown(api.collect(make_site(url="http://127.0.0.1:9")), ERRORS, "target.openapi is not given")
    assert_unknown(api.collect(make_site(openapi="/openapi.json")), ERRORS, "no service runs")


def test_sessions_are_kept_from_other_users_of_the_machine(tmp_path):
    settings = Identities({"citizen-1": {"Cookie": "a=b"}}, ("citizen-1",)).settings(tmp_path)
    assert (tmp_path / "identities.json").stat().st_mode & 0o077 == 0
    assert not any("peers" in line for line in settings)


@pytest.mark.parametrize(
    ("document", "closed"),
    [
        ({"security": [{"bearer": []}]}, True),
        ({"paths": {"/a": {"get": {"security": [{"bearer": []}]}}}}, True),
        ({"security": [{}], "paths": {"/a": {"get": {"security": []}, "parameters": []}}}, False),
        ({"paths": {"/a": {"get": {}}}}, False),
        ({"paths": []}, False),
        ([], False),
        (None, False),
    ],
)
def test_a_document_requires_a_sign_in_where_it_names_one(document, closed):
    assert declares_sign_in(document) is closed


def test_where_the_document_requires_no_sign_in_nothing_is_cleared_of_ignoring_it(api_service, api_site):
    document = {key: value for key, value in DOCUMENT.items() if key != "security"}
    facts = {fact.id: fact for fact in api.collect(api_site(api_service(document=document)), random=Random(4)).facts}
    for name in ("security.api_auth_ignored", "security.api_objects_open"):
        assert facts[name].value is None
        assert "requires no sign-in" in facts[name].reason.en
    assert facts["security.api_server_errors"].value == 0
