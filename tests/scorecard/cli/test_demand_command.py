"""``portance demand`` as a person reads it and as a program does."""

from __future__ import annotations

import json
from pathlib import Path

PROJECT = """
[project]
name = "Masks"
users = 20_000
agents = 10

[target]

[demand]
profile = "opening"
opens = 2026-12-01
closes = 2026-12-14
events = [{ name = "opening", at = 2026-12-01T09:00:00, share = "30 %", within = "30 min" }]

[[journeys]]
name = "book"
steps = [{ get = "/" }, { post = "/bookings", think = "30 s" }]
"""


def test_every_step_is_told_with_its_source_in_both_languages(tmp_path: Path, portance) -> None:
    (tmp_path / "portance.toml").write_text(PROJECT, encoding="utf-8")
    english = portance("demand", cwd=tmp_path)
    assert english.returncode == 0, english.stderr
    for words in (
        "20,000  people",
        "“opening”, 01/12 09:00",
        "busiest moment: 01/12/2026 09:00",
        "requests/s in all",
        "2026-12-14",
    ):
        assert words in english.stdout
    assert "personnes" in portance("demand", "--lang", "fr", cwd=tmp_path).stdout
    narrow = portance("demand", cwd=tmp_path, COLUMNS="60")
    assert max(len(line) for line in narrow.stdout.splitlines()) <= 72
    assert portance("demand", "--quiet", cwd=tmp_path).stdout == ""
    document = json.loads(portance("demand", "--json", cwd=tmp_path).stdout)
    facts = {fact["id"]: fact for fact in document["facts"]}
    assert facts["demand.requests_per_s"]["low"] < facts["demand.requests_per_s"]["value"]


def test_an_access_log_gives_lines_for_the_project_file(tmp_path: Path, portance) -> None:
    (tmp_path / "portance.toml").write_text(PROJECT, encoding="utf-8")
    log = tmp_path / "access.log"
    with log.open("w", encoding="utf-8") as file:
        for n in range(30):
            for second, request in ((10, "GET /"), (42, "POST /bookings")):
                at = f"20/Nov/2026:09:{n:02}:{second} +0000"
                file.write(f'10.0.0.{n} - - [{at}] "{request} HTTP/1.1" 200 1\n')
    done = portance("demand", "--access-log", str(log), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert 'POST /bookings: think = "32 s"  (median of 30)' in done.stdout
    assert "10.0.0" not in done.stdout
    for arguments in (
        ["--access-log", "none.log"],
        ["--analytics", str(log)],
        ["--access-log", str(log), "--analytics", "x"],
    ):
        refused = portance("demand", *arguments, cwd=tmp_path)
        assert refused.returncode == 2
        assert len(refused.stderr.strip().splitlines()) == 1
