"""The formats of pipelines: what each format promises, hostile words, and one decision in all of them."""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from datetime import timedelta

import pytest

from scorecard.evidence import Evidence, Finding, Severity, Suppression
from scorecard.findings.route import Route
from scorecard.findings.route import table as routes_table
from scorecard.reports import FORMATS, badge, gitlab, json_report, prometheus, sarif, spreadsheet
from scorecard.scorecard import Scorecard, Verdict

HOSTILE = '=HYPERLINK("http://evil")\x1b[31m</title><script>alert(1)</script>\n"\\,;\u2028é\ud83d'.encode(
    "utf-8", "replace"
).decode()
PIPELINE = ("sarif", "gitlab", "gitlab-metrics", "csv", "prometheus", "badge")
DECISIONS = ("go", "conditional", "no_go", "undetermined")


@pytest.fixture(scope="module")
def hostile(card: Callable[..., Scorecard]) -> Scorecard:
    """A card whose project and findings were named by someone who means harm."""
    built = card(HOSTILE, code_high=1, findings=3, arrived_share=None)
    finding = Finding(
        category="code", rule=HOSTILE, severity=Severity.CRITICAL, location=f"{HOSTILE}:3", message=HOSTILE,
        fingerprint=HOSTILE, cwe=HOSTILE, remedy=HOSTILE,
    )  # fmt: skip
    evidence = tuple(_with(e, *e.findings, finding, finding) if e.name == "code" else e for e in built.evidence)
    return built.model_copy(update={"evidence": evidence})


@pytest.fixture(scope="module")
def located(card: Callable[..., Scorecard], today) -> Scorecard:
    """A card with one finding for each kind of place, and two that somebody set aside, one of them for too long."""

    def finding(rule: str, location: str, until: int | None = None, severity: Severity = Severity.MEDIUM) -> Finding:
        aside = (
            None
            if until is None
            else Suppression(reason="behind the proxy", owner="RSSI", expiry=today + timedelta(days=until))
        )
        return Finding(category="code", rule=rule, severity=severity, location=location, message=rule,
                       cwe="CWE-89", asvs="v5.0.0-1.2.4", fingerprint=f"sha256:{rule}", suppression=aside)  # fmt: skip

    built = card()
    found = (
        finding("line", "app/my views.py:12"), finding("route", "GET /files"), finding("package", "pkg:pypi/a@1"),
        finding("object", "Deployment/web/app"), finding("outside", "../etc/passwd:1"), finding("root", "/etc/hosts:2"),
        finding("aside", "app/views.py:3", until=1), finding("ended", "app/views.py:4", until=-1),
        finding("note", "app/views.py:5", severity=Severity.NONE),
    )  # fmt: skip
    evidence = tuple(_with(e, *found) if e.name == "code" else e for e in built.evidence)
    return built.model_copy(update={"evidence": evidence})


def _with(evidence: Evidence, *findings: Finding) -> Evidence:
    return evidence.model_copy(update={"findings": findings})


def run_of(card: Scorecard, lang: str = "en") -> dict:
    return json.loads(sarif.render(card, lang))["runs"][0]


def results_of(card: Scorecard) -> dict[str, dict]:
    return {result["ruleId"]: result for result in run_of(card)["results"]}


def rows_of(card: Scorecard) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(spreadsheet.render(card, "en").removeprefix("\ufeff"), newline="")))


SAMPLE = re.compile(
    r'([a-zA-Z_:][a-zA-Z0-9_:]*)\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*",?)*)\} (-?[0-9.e+-]+)'
)


def metrics_of(card: Scorecard) -> dict[tuple[str, str], float]:
    """Samples by name and labels; fails on a line that the text exposition format does not allow."""
    found: dict[tuple[str, str], float] = {}
    for line in prometheus.render(card, "en").splitlines():
        if not line.startswith("# "):
            sample = SAMPLE.fullmatch(line)
            assert sample is not None, line
            key = sample[1], sample[2]
            assert key not in found, line
            found[key] = float(sample[3])
    return found


@pytest.mark.parametrize("decision", DECISIONS)
def test_every_format_takes_the_same_decision_as_the_scorecard(cards, decision):
    card = cards[decision]
    assert json.loads(json_report.render(card, "en"))["decision"] == decision
    properties = run_of(card)["properties"]
    assert (properties["decision"], properties["gradeLow"]) == (decision, card.grade.low)
    assert {row["decision"] for row in rows_of(card)} == {decision}
    taken = {labels: value for (name, labels), value in metrics_of(card).items() if name == "portance_decision"}
    assert [labels for labels, value in taken.items() if value] == [
        f'project="{card.project.name}",decision="{decision}"'
    ]
    words = {"go": "Go", "conditional": "Conditional go", "no_go": "No go", "undetermined": "Undetermined"}
    svg = ET.fromstring(badge.render(card, "en"))  # noqa: S314 (our own output)
    assert f": {words[decision]}, grade" in svg.get("aria-label", "")
    assert any((text.text or "").startswith(words[decision]) for text in svg.iter("{http://www.w3.org/2000/svg}text"))


@pytest.mark.parametrize("decision", DECISIONS)
def test_what_is_not_met_or_unknown_stands_in_every_format(cards, decision):
    card = cards[decision]
    silent = {Verdict.PASS, Verdict.NOT_APPLICABLE}
    expected = {j.criterion.id: j.verdict for j in card.judged if j.verdict not in silent}
    results = {name: r for name, r in results_of(card).items() if "verdict" in r["properties"]}
    assert {name: r["properties"]["verdict"] for name, r in results.items()} == {
        n: v.value for n, v in expected.items()
    }
    for name, result in results.items():
        kind = "open" if expected[name] is Verdict.UNKNOWN else "fail"
        assert result["kind"] == kind
        assert (result["level"] == "none") == (kind == "open")  # SARIF 3.27.10
        assert ("suppressions" in result) == (expected[name] is Verdict.WAIVED)
    issues = {i["check_name"]: i for i in json.loads(gitlab.render(card, "en"))}
    assert set(expected) == {j.criterion.id for j in card.judged} & set(issues)
    assert {r["criterion"]: r["verdict"] for r in rows_of(card)} == {
        j.criterion.id: j.verdict.value for j in card.judged
    }
    counted = [v for (n, labels), v in metrics_of(card).items() if n == "portance_criteria" and '"unknown"' in labels]
    assert sum(counted) == sum(v is Verdict.UNKNOWN for v in expected.values())


def test_an_empty_run_is_no_clean_report(cards):
    card = cards["undetermined"]
    assert json.loads(gitlab.render(card, "en"))
    assert {r["kind"] for r in run_of(card)["results"]} == {"open"}
    metrics = metrics_of(card)
    assert metrics["portance_capacity_known", f'project="{card.project.name}"'] == 0
    assert not [name for name, _ in metrics if name in ("portance_capacity_users", "portance_fact")]
    assert all(row["value"] == "" for row in rows_of(card))


def test_a_fact_that_was_not_observed_has_no_number(card, fact, evidence):
    unseen, twice = fact("load.unseen", None), fact("load.twice", 1.0)
    built = card().model_copy(update={"evidence": (evidence([unseen, twice, twice, fact("load.seen", 0.25)]),)})
    found = {
        (name, re.search(r'fact="([^"]*)"', labels)[1]): value
        for (name, labels), value in metrics_of(built).items()
        if name.startswith("portance_fact")
    }
    assert found == {
        ("portance_fact_observed", "load.unseen"): 0,
        ("portance_fact_observed", "load.twice"): 0,
        ("portance_fact_observed", "load.seen"): 1,
        ("portance_fact", "load.seen"): 0.25,
    }


@pytest.mark.parametrize("name", PIPELINE)
@pytest.mark.parametrize("lang", ["en", "fr"])
def test_hostile_words_stay_words(hostile, name, lang):
    written = FORMATS[name].render(hostile, lang)
    assert "\x1b" not in written
    assert written == FORMATS[name].render(hostile, lang)
    match name:
        case "badge":
            svg = ET.fromstring(written)  # noqa: S314 (our own output)
            assert {e.tag.partition("}")[2] for e in svg.iter()} == {
                "svg",
                "title",
                "clipPath",
                "rect",
                "g",
                "path",
                "text",
            }
        case "csv":
            rows = rows_of(hostile)
            assert len(rows) == len(hostile.judged)
            assert all(not cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())
            assert rows[0]["project"].startswith("'=HYPERLINK")
        case "prometheus":
            assert len(metrics_of(hostile)) > 50
        case "gitlab-metrics":
            assert all(
                re.fullmatch(r'[a-z0-9_]+(\{[a-z]+="[a-z_]+"\})? [0-9.]+|# EOF', x) for x in written.splitlines()
            )
        case _:
            json.loads(written)
            assert written.isascii()


def test_a_negative_number_is_no_formula(card):
    built = card()
    domain = next(d for d in built.domains if d.judged and d.judged[0].fact is not None)
    judged = domain.judged[0]
    below = judged.model_copy(update={"fact": judged.fact.model_copy(update={"value": -0.5})})
    changed = built.model_copy(update={"domains": (domain.model_copy(update={"judged": (below,)}),)})
    assert rows_of(changed)[0]["value"] == "-0.5"


def test_sarif_is_what_code_hosts_take(hostile, located, cards):
    """The rules of the standard and of its readers that the official schema cannot say, and the shape that it can."""
    for card in (hostile, located, *cards.values()):
        run = run_of(card)
        rules = run["tool"]["driver"]["rules"]
        assert len({rule["id"] for rule in rules}) == len(rules)
        for result in run["results"]:
            assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
            assert set(result) <= {
                "ruleId", "ruleIndex", "kind", "level", "message", "locations", "fingerprints", "partialFingerprints",
                "suppressions", "properties",
            }  # fmt: skip
            assert result["level"] in {"none", "note", "warning", "error"}
            assert result["kind"] == "fail" or result["level"] == "none"
            assert result["message"]["text"]
            (location,) = result["locations"]  # GitHub refuses a whole file for one result without a file
            artifact = location["physicalLocation"]["artifactLocation"]
            assert re.fullmatch(r"[A-Za-z0-9_.~%/-]+", artifact["uri"])
            assert not artifact["uri"].startswith("/")
            assert location["physicalLocation"]["region"]["startLine"] >= 1
            assert artifact.get("uriBaseId", "SRCROOT") in run["originalUriBaseIds"]
        for rule in rules:
            assert 0 < float(rule["properties"].get("security-severity", "1")) <= 10


def test_sarif_points_at_lines_routes_and_packages(located):
    where = {name: result["locations"][0] for name, result in results_of(located).items() if name.startswith("code/")}
    line = where["code/line"]["physicalLocation"]
    assert line == {
        "artifactLocation": {"uri": "app/my%20views.py", "uriBaseId": "SRCROOT"}, "region": {"startLine": 12},
    }  # fmt: skip
    names = {rule: location.get("logicalLocations") for rule, location in where.items()}
    assert names["code/line"] is None
    assert names["code/route"] == [{"fullyQualifiedName": "GET /files", "kind": "function"}]
    assert names["code/package"] == [{"fullyQualifiedName": "pkg:pypi/a@1", "kind": "package"}]
    for rule in ("route", "package", "object", "outside", "root"):
        anchor = where[f"code/{rule}"]["physicalLocation"]["artifactLocation"]
        assert anchor == {"uri": "portance.toml", "uriBaseId": "SRCROOT"}, rule


def test_paths_start_at_the_root_of_the_repository(located):
    project = located.project.model_copy(update={"file": "services/aid/portance.toml", "code": "services/aid"})
    moved = located.model_copy(update={"project": project})
    uris = {
        name: result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for name, result in results_of(moved).items()
    }
    assert uris["code/line"] == "services/aid/app/my%20views.py"
    assert uris["code/route"] == "services/aid/portance.toml"
    paths = {i["check_name"]: i["location"]["path"] for i in json.loads(gitlab.render(moved, "en"))}
    assert paths["code/line"] == "services/aid/app/my views.py"
    assert paths["code/outside"] == "services/aid/portance.toml"


def test_code_outside_the_repository_is_shown_at_the_project_file(located):
    project = located.project.model_copy(update={"code": None})
    moved = located.model_copy(update={"project": project})
    where = results_of(moved)["code/line"]["locations"][0]
    assert where["physicalLocation"]["artifactLocation"]["uri"] == "portance.toml"
    assert where["logicalLocations"] == [{"fullyQualifiedName": "app/my views.py:12", "kind": "object"}]


def test_a_suppression_whose_end_is_past_hides_nothing(located):
    results = results_of(located)
    assert results["code/aside"]["suppressions"][0]["status"] == "accepted"
    assert results["code/ended"]["suppressions"][0]["status"] == "rejected"
    severities = {i["check_name"]: i["severity"] for i in json.loads(gitlab.render(located, "en"))}
    assert (severities["code/aside"], severities["code/ended"]) == ("info", "major")
    counted = {labels: v for (n, labels), v in metrics_of(located).items() if n == "portance_findings"}
    assert sum(counted.values()) == 8  # all but the one set aside


def test_sarif_carries_severity_weakness_and_fingerprint(located):
    run = run_of(located)
    rule = next(r for r in run["tool"]["driver"]["rules"] if r["id"] == "code/line")
    assert rule["properties"]["security-severity"] == "4.0"
    assert {"CWE-89", "external/cwe/cwe-89", "ASVS v5.0.0-1.2.4"} <= set(rule["properties"]["tags"])
    result = results_of(located)["code/line"]
    assert (result["level"], result["fingerprints"]) == ("warning", {"portance/v1": "sha256:line"})
    assert results_of(located)["code/note"]["kind"] == "informational"


def test_a_scanner_that_failed_is_said_in_sarif(cards, card):
    notes = run_of(cards["no_go"])["invocations"][0]["toolExecutionNotifications"]
    assert any("manifests" in note["message"]["text"] for note in notes)
    complete = run_of(card())["invocations"][0]
    assert (complete["executionSuccessful"], complete["exitCode"]) == (True, 0)


@pytest.fixture(scope="module")
def attacked(card: Callable[..., Scorecard]) -> Scorecard:
    """A card on which the code and a request tell of one weakness on one route, and of others alone."""

    def finding(rule: str, location: str, cwe: str) -> Finding:
        return Finding(category="code", rule=rule, severity=Severity.HIGH, location=location, message=f"{rule} said",
                       cwe=cwe, fingerprint=f"sha256:{rule}")  # fmt: skip

    built = card()
    code = (finding("B608", "app/files.py:12", "CWE-89"), finding("B324", "app/files.py:13", "CWE-327"))
    sent = (finding("sql-error", "GET /files/41?q=1", "CWE-89"), finding("xss", "GET /files/41", "CWE-79"))
    route = routes_table([Route("GET", "/files/{number}", "app/files.py", 10, 14)])
    evidence = tuple(
        _with(e, *code, *sent).model_copy(update={"tables": (route,)}) if e.name == "code" else e
        for e in built.evidence
    )
    return built.model_copy(update={"evidence": evidence})


def test_what_code_and_request_tell_of_one_route_is_one_group_in_sarif(attacked):
    results = results_of(attacked)
    both = [results["code/B608"], results["code/sql-error"]]
    assert {one["properties"]["portance/group"] for one in both} == {"GET /files/{number} CWE-89"}
    (proof,), (line,) = (one["relatedLocations"] for one in both)
    assert proof["logicalLocations"] == [{"fullyQualifiedName": "GET /files/41?q=1", "kind": "function"}]
    assert line["physicalLocation"]["artifactLocation"]["uri"] == "app/files.py"
    assert line["message"]["text"] == "B608 said"
    for alone in (results["code/B324"], results["code/xss"]):
        assert "relatedLocations" not in alone
        assert "portance/group" not in alone["properties"]


def test_what_code_and_request_tell_of_one_route_is_one_entry_for_readers(attacked, card):
    heading = "Shown by the code and proved by a request"
    markdown, page = FORMATS["md"].render(attacked, "en"), FORMATS["html"].render(attacked, "en")
    (line,) = [line for line in str(markdown).splitlines() if line.startswith("- high – GET /files")]
    assert "B608 said (app/files.py:12)" in line
    assert "sql-error said (GET /files/41?q=1)" in line
    assert heading in str(markdown)
    assert str(page).count("<code>GET /files/{number}</code>") == 1
    assert heading in str(page)
    assert "prouvé par une requête" in str(FORMATS["html"].render(attacked, "fr"))
    for format_ in ("md", "html"):
        assert heading not in str(FORMATS[format_].render(card(), "en")), "control: nothing was proved"


def test_sarif_says_what_is_new_unchanged_or_gone_since_an_earlier_run(attacked):
    found = [f for e in attacked.evidence for f in e.findings]
    gone = found[0].model_copy(update={"rule": "gone", "fingerprint": "sha256:gone"})
    moved = found[0].model_copy(update={"location": "app/files.py:2"})
    earlier = [_with(e, moved, gone) if e.name == "code" else e for e in attacked.evidence]
    run = json.loads(sarif.render_against(attacked, "en", earlier))["runs"][0]
    states = {r["ruleId"]: r.get("baselineState") for r in run["results"]}
    findings = {rule: state for rule, state in states.items() if rule.startswith("code/")}
    assert findings == {"code/B608": "unchanged", "code/B324": "new", "code/sql-error": "new", "code/xss": "new",
                        "code/gone": "absent"}  # fmt: skip
    assert all("baselineState" not in one for one in results_of(attacked).values()), "control: without a baseline"


def test_gitlab_issues_have_all_fields_and_no_fingerprint_twice(hostile, located, cards):
    for card in (hostile, located, *cards.values()):
        issues = json.loads(gitlab.render(card, "fr"))
        assert len({i["fingerprint"] for i in issues}) == len(issues)
        for issue in issues:
            assert set(issue) == {"check_name", "description", "severity", "location", "fingerprint"}
            assert issue["severity"] in {"info", "minor", "major", "critical", "blocker"}
            assert issue["description"]
            assert issue["location"]["lines"]["begin"] >= 1
            assert not issue["location"]["path"].startswith(("/", "./", ".."))


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("decision", DECISIONS)
def test_the_badge_stands_alone_and_says_its_words_to_a_screen_reader(cards, decision, lang):
    written = badge.render(cards[decision], lang)
    svg = ET.fromstring(written)  # noqa: S314 (our own output)
    title = svg.find("{http://www.w3.org/2000/svg}title")
    assert title is not None
    assert (svg.get("role"), svg.get("aria-label"), svg.get("lang")) == ("img", title.text, lang)
    assert written.count("http") == 1  # the name space and nothing else
    assert len({badge.render(card, lang) for card in cards.values()}) == len(cards)


def test_gitlab_metrics_leave_out_what_is_not_known(cards):
    known, unknown = (FORMATS["gitlab-metrics"].render(cards[name], "fr") for name in ("go", "undetermined"))
    assert 'portance_users{end="low"}' in known
    assert "portance_p95_seconds" in known
    assert "portance_exit_code 2.0" in unknown
    assert "portance_users" not in unknown
    assert "_seconds" not in unknown
    assert unknown.endswith("# EOF\n")


def test_metrics_say_how_much_was_answered_and_the_official_colours(cards):
    metrics = metrics_of(cards["go"])
    answered = next(
        v for (n, labels), v in metrics.items() if n == "portance_questions_ratio" and '"answered"' in labels
    )
    assert answered == cards["go"].coverage > 0
    colours = [labels for n, labels in metrics if n == "portance_indicator"]
    assert len(colours) == len(cards["go"].indicators) > 0
