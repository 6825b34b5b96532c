"""Whatever the card, its outputs say the same: rendered, parsed back, and compared with each other."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import timedelta
from html import unescape

import pytest
from defusedxml import ElementTree
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from scorecard.grading import grade
from scorecard.project import Waiver
from scorecard.reports import badge, html, json_report, junit, labels, markdown, prometheus, sheet, spreadsheet
from scorecard.reports.terminal import print_summary
from scorecard.reports.words import Words
from scorecard.scorecard import Decision, Verdict

VALUES = {"pass": 0.2, "warn": 0.6, "fail": 0.9, "unknown": None}
ROW = st.tuples(
    st.sampled_from(sorted(VALUES)),
    st.booleans(),  # blocking
    st.booleans(),  # waived
    st.sampled_from(["capacity", "security", "change"]),
    st.sampled_from([1.0, 4.0, 9.5]),
    st.sampled_from([False, False, False, True]),  # asked of another kind of service only
)


@pytest.fixture(scope="session")
def card_of(project, criterion, evidence, fact, today):
    def make(rows):
        criteria = [
            criterion(
                f"c{n}", blocking=blocking, warn=0.8, domain=domain, weight=weight,
                kinds=["api"] if elsewhere else ["online-procedure"],
            )
            for n, (_, blocking, _, domain, weight, elsewhere) in enumerate(rows)
        ]  # fmt: skip
        facts = [fact(f"load.c{n}", VALUES[row[0]]) for n, row in enumerate(rows)]
        waivers = [
            Waiver(criterion=f"c{n}", reason="mended in January", approver="CIO", expires=today + timedelta(days=9))
            for n, row in enumerate(rows)
            if row[2]
        ]
        return grade(project, criteria, [evidence(facts)], waivers, today)

    return make


@settings(max_examples=30, deadline=None)
@given(rows=st.lists(ROW, max_size=7), lang=st.sampled_from(["en", "fr"]))
def test_page_json_junit_markdown_terminal_and_exit_code_never_disagree(card_of, rows, lang):
    card = card_of(rows)
    document = json.loads(json_report.render(card, lang))
    verdicts = {c["id"]: c["verdict"] for c in document["criteria"]}
    assert verdicts == {j.criterion.id: j.verdict.value for j in card.judged}
    decision, low, high = document["decision"], document["grade"]["low"], document["grade"]["high"]
    code = {"go": 0, "conditional": 0, "no_go": 1, "undetermined": 2}[decision]
    assert card.decision.exit_code == code

    assert of_junit(junit.render(card, lang)) == (decision, low, high, {n: JUNIT[v] for n, v in verdicts.items()})
    assert of_csv(spreadsheet.render(card, lang)) == ({(decision, low, high)} if verdicts else set(), verdicts)
    assert of_prometheus(prometheus.render(card, lang)) == (decision, code, low, high, verdicts)

    words = Words("fr" if lang == "fr" else "en")
    head, sentence = (plain(part) for part in sheet.headline(card, words))
    page = html.render(card, lang)
    assert of_page(page, words) == verdicts
    outputs = {
        "page": plain(re.sub(r"<(style|script)\b.*?</\1>", " ", page, flags=re.DOTALL)),
        "markdown": plain(markdown.render(card, lang)),
        "terminal": plain(shown(card, lang)),
    }
    for name, output in outputs.items():
        assert plain(words.name(labels.DECISIONS, card.decision)) in output, name
        assert sentence[1:] in output, name
        if low != high:
            assert plain(words.gettext("between %(low)s and %(high)s") % {"low": low, "high": high}) in output, name
    assert head in outputs["page"]
    word = plain(words.name(labels.DECISIONS, card.decision))
    assert plain(markdown.render(card, lang).splitlines()[0]).partition(": ")[2] == word
    assert plain(shown(card, lang).strip().splitlines()[0]).strip("✓✗?▲ ") == head
    assert plain(words.name(labels.DECISIONS, card.decision)) in plain(badge.render(card, lang))


def test_the_control_one_verdict_told_otherwise_is_noticed(card_of):
    card = card_of([("fail", True, False, "capacity", 1.0, False), ("pass", True, False, "security", 1.0, False)])
    other = card.model_copy(update={"decision": Decision.GO})
    assert of_junit(junit.render(card, "en"))[0] == "no_go"
    assert of_junit(junit.render(other, "en"))[0] == "go"
    words = Words("en")
    page = html.render(card, "en")
    assert of_page(page, words) == {"c0": "fail", "c1": "pass"}
    told = page.replace(words.name(labels.VERDICTS, Verdict.FAIL), words.name(labels.VERDICTS, Verdict.PASS))
    assert of_page(told, words) == {"c0": "pass", "c1": "pass"}
    assert of_prometheus(prometheus.render(other, "en"))[:2] == ("go", 0)


JUNIT = {
    "pass": None, "warn": None, "fail": "failure", "unknown": "error", "waived": "skipped", "not_applicable": "skipped",
}  # fmt: skip


def of_junit(text):
    root = ElementTree.fromstring(text)
    found, heads = {}, set()
    for suite in root.iter("testsuite"):
        values = {p.get("name"): p.get("value") for p in suite.find("properties")}
        heads.add((values["decision"], values["grade.low"], values["grade.high"]))
        for case in suite.iter("testcase"):
            found[case.get("name")] = next((e.tag for e in case if e.tag in ("failure", "error", "skipped")), None)
    assert int(root.get("failures")) == sum(tag == "failure" for tag in found.values())
    assert int(root.get("errors")) == sum(tag == "error" for tag in found.values())
    return (*(heads.pop() if heads else ("undetermined", "F", "F")), found)


def of_csv(text):
    lines = list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))
    heads = {(line["decision"], line["grade_low"], line["grade_high"]) for line in lines}
    assert len(heads) <= 1
    return heads, {line["criterion"]: line["verdict"] for line in lines}


def of_prometheus(text):
    def labelled(name):
        for line in re.findall(rf"^{name}\{{(.*)\}} (\S+)$", text, flags=re.MULTILINE):
            yield dict(re.findall(r'(\w+)="([^"]*)"', line[0])), float(line[1])

    decision = next(found["decision"] for found, value in labelled("portance_decision") if value == 1)
    code = next(int(value) for _, value in labelled("portance_exit_code"))
    ends = next((found["low"], found["high"]) for found, _ in labelled("portance_grade_info"))
    verdicts = {found["criterion"]: found["verdict"] for found, _ in labelled("portance_criterion")}
    return decision, code, *ends, verdicts


def of_page(page, words):
    """The verdict that stands beside each question of the page."""
    known = {plain(words.name(labels.VERDICTS, verdict)): verdict.value for verdict in Verdict}
    pieces = re.findall(r'id="c-([^"]+)">\s*<summary>(.*?)<span class="title">', page, flags=re.DOTALL)
    return {name: known[plain(told).strip("✓✗?▲!~–• ")] for name, told in pieces}


def shown(card, lang):
    stream = io.StringIO()
    print_summary(card, Console(file=stream, width=400, force_terminal=False), lang)
    return stream.getvalue()


def plain(text):
    """Words only: no tags, entities, escapes or special spaces."""
    text = unescape(re.sub(r"<[^>]+>", " ", text))
    return " ".join(text.replace("\\", "").replace("*", "").replace("\u202f", " ").replace("\u00a0", " ").split())
