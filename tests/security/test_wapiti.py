"""The second opinion: its report is read, and a wapiti that is absent, silent or wrong clears nothing."""

from __future__ import annotations

import json

import pytest

from scorecard.evidence import Severity, Status
from security import wapiti

FACT = "security.wapiti_findings"
# As wapiti 3.2.3 wrote it, cut to the keys that are read and two more.
REPORT = {
    "vulnerabilities": {
        "Reflected Cross Site Scripting": [
            {
                "method": "GET", "path": "/help", "info": "found via injection in the parameter q", "level": 2,
                "parameter": "q", "module": "xss", "http_request": "GET /help?q=%3CScRiPt%3E HTTP/1.1",
            }
        ],
        "SQL Injection": [],
    },
    "infos": {"target": "http://127.0.0.1:1/", "version": "Wapiti 3.2.3", "crawled_pages_nbr": 4},
}  # fmt: skip
WRITE = "open(sys.argv[sys.argv.index('-o') + 1], 'w').write({!r})"


def test_a_finding_is_named_placed_and_remedied(make_site, fake_tool, fact):
    site = make_site(url="http://127.0.0.1:1", pages=("/", "/help?q=a"))
    evidence = wapiti.collect(site, fake_tool(WRITE.format(json.dumps(REPORT))))
    assert evidence.status is Status.COMPLETED
    assert fact(evidence, FACT).value == 1
    (finding,) = evidence.findings
    assert (finding.location, finding.cwe, finding.severity) == ("GET /help", "CWE-79", Severity.HIGH)
    assert "parameter q" in finding.message
    assert finding.remedy
    assert (site.run / "raw/wapiti/wapiti.json").is_file()


def test_it_is_asked_for_no_module_that_calls_outside(make_site, fake_tool):
    says = "open('asked', 'w').write(' '.join(sys.argv))\n" + WRITE.format(json.dumps(REPORT))
    site = make_site(url="http://127.0.0.1:1")
    tool = fake_tool(says.replace("'asked'", repr(str(site.run / "asked"))))
    wapiti.collect(site, tool)
    asked = (site.run / "asked").read_text()
    assert not any(name in asked for name in ("ssrf", "log4shell", "spring4shell", "nikto", "wapp"))
    assert "http://127.0.0.1:1/" in asked


@pytest.mark.parametrize(
    ("then", "word"),
    [
        ("sys.exit(3)", "exit code 3"),
        ("pass", "cannot be read"),
        (WRITE.format("{}"), "cannot be read"),
        (WRITE.format('{"vulnerabilities": {"a": [1]}, "infos": {"crawled_pages_nbr": 1}}'), "cannot be read"),
        (WRITE.format('{"vulnerabilities": {}, "infos": {"crawled_pages_nbr": 0}}'), "visited no page"),
    ],
)
def test_one_that_fails_clears_nothing(make_site, fake_tool, assert_unknown, then, word):
    assert_unknown(wapiti.collect(make_site(url="http://127.0.0.1:1"), fake_tool(then)), FACT, word)


def test_one_that_never_ends_is_stopped(make_site, fake_tool, assert_unknown, monkeypatch):
    monkeypatch.setattr(wapiti, "BESIDE_S", -20 + 0.5)
    assert_unknown(
        wapiti.collect(make_site(url="http://127.0.0.1:1"), fake_tool("time.sleep(600)")), FACT, "had not finished"
    )


def test_one_that_is_not_installed_is_said(make_site, assert_unknown, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PORTANCE_SCANNERS", str(tmp_path))
    monkeypatch.setattr("sys.prefix", str(tmp_path / "env"))
    monkeypatch.setattr("sys.executable", str(tmp_path / "env/bin/python"))
    assert_unknown(wapiti.collect(make_site(url="http://127.0.0.1:1")), FACT, "wapiti")


@pytest.mark.parametrize(("url", "setting"), [("https://x.example", None), ("http://127.0.0.1:1", False), (None, None)])
def test_it_goes_where_somebody_asked_for_it_only(make_site, fake_tool, assert_unknown, url, setting):
    site = make_site(url=url, security={"active": setting}, remote=True)
    assert_unknown(wapiti.collect(site, fake_tool("sys.exit(3)")), FACT, "a" if url else "no service")
