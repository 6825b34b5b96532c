import re
from pathlib import Path

import pytest

from scorecard.project import FILE_NAME, TIERS, ProjectError, load, parse
from scorecard.site import is_local

WHOLE = """
[project]
name = "Aide d'urgence aux entreprises"
users = 300_000
agents = 3_000

[target]
start = "uvicorn poc.main:app --port {port} --workers {workers}"
openapi = "/openapi.json"

[demand]
profile = "deadline"
peak_day_share = "33 %"

[[journeys]]
name = "file"
weight = 8
steps = [
  { post = "/dossiers", json = { siret = "{siret}" }, expect = [201, 204], extract = { id = "$.id" } },
  { get = "/dossiers/{id}", verify = true, think = "500 ms" },
]

[objectives]
p95 = "400 ms"
error_rate = "0.1 %"

[[declarations]]
fact = "declared.training"
value = true
owner = "DRH"
link = "https://example.test/plan"
date = 2026-09-01

[[waivers]]
criterion = "security.code"
reason = "mended in the next release"
approver = "RSSI"
expires = 2026-12-31
"""


def changed(old: str, new: str) -> bytes:
    assert old in WHOLE
    return WHOLE.replace(old, new).encode()


def test_the_example_of_the_contract_is_read_with_its_units() -> None:
    project = parse(WHOLE.encode())
    assert project.objectives.p95 == pytest.approx(0.4)
    assert project.objectives.error_rate == pytest.approx(0.001)
    assert project.demand.peak_day_share == pytest.approx(0.33)
    assert project.journeys[0].steps[0].expected == (201, 204)
    assert project.journeys[0].steps[1].think == pytest.approx(0.5)
    assert project.journeys[0].steps[0].label == "POST /dossiers"


def test_a_mistake_is_told_with_its_line() -> None:
    content = (
        '[project]\nname = "x"\nusers = 1\n[target]\n\n[[waivers]]\ncriterion = "a"\nreason = "because it is fine"\n'
    )
    with pytest.raises(ProjectError, match=r"^portance\.toml:6: waivers\[1\]\.approver: missing$"):
        parse(content.encode())
    with pytest.raises(ProjectError, match=r"^portance\.toml:3: project\.users"):
        parse(b'[project]\nname = "x"\nusers = "many"\n[target]\n')


def test_fifteen_lines_are_enough() -> None:
    content = b'[project]\nname = "PoC"\nusers = 10_000\n[target]\nurl = "http://127.0.0.1:8000"\n'
    assert parse(content).objectives.p95 == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("users =", "usres =", r"project\.usres: unknown key, did you mean 'users'\?"),
        ("300_000", '"many"', r"project\.users: .*integer"),
        ("300_000", "-1", r"project\.users: .*greater than 0"),
        ("{port}", "8000", r"start has no \{port\}"),
        ('p95 = "400 ms"', 'p95 = "400"', r"objectives\.p95: expected a duration"),
        ('p95 = "400 ms"', "p95 = 400", r"objectives\.p95: expected a duration .* with its unit"),
        ('"33 %"', '"33"', r"demand\.peak_day_share: expected a percentage"),
        ('"deadline"', '"deadlin"', r"demand\.profile: "),
        ("post =", "psot =", r"journeys\[1\]\.steps\[1\]\.psot: unknown key, did you mean 'post'\?"),
        ("{ get =", '{ put = "/x", get =', r"exactly one of get, post"),
        ("2026-12-31", '"soon"', r"waivers\[1\]\.expires: "),
        ('approver = "RSSI"', "", r"waivers\[1\]\.approver: missing"),
        ("[objectives]", "[objectives", r"not valid TOML: .*line"),
        ("[target]", '[target]\nurl = "http://127.0.0.1:1"', r"either url .* or start"),
    ],
)
def test_a_mistake_is_one_line_that_says_where(old: str, new: str, message: str) -> None:
    with pytest.raises(ProjectError, match=message) as raised:
        parse(changed(old, new))
    assert re.match(rf"{re.escape(FILE_NAME)}(:\d+)?: ", str(raised.value))
    assert "\n" not in str(raised.value)


def test_a_journey_that_stands_twice_is_refused() -> None:
    journey = '[[journeys]]\nname = "file"\nsteps = [{ get = "/" }]\n'
    with pytest.raises(ProjectError, match="journeys: file stands twice"):
        parse(changed("[objectives]", journey + "[objectives]"))


def test_bytes_that_are_not_text_are_refused() -> None:
    with pytest.raises(ProjectError, match="not UTF-8"):
        parse(b"\xff\xfe")


def test_a_missing_file_names_the_command_that_writes_one(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="portance init"):
        load(tmp_path / FILE_NAME)


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://127.8.9.10", True),
        ("https://localhost/x", True),
        ("http://[::1]:80", True),
        ("https://service.gouv.fr", False),
        ("http://127.0.0.1.example.org", False),
        ("http://127.0.0.1@example.org", False),
        ("http://10.0.0.1", False),
    ],
)
def test_load_stays_on_this_machine_unless_told_otherwise(url: str, local: bool) -> None:
    assert is_local(url) is local


@pytest.mark.parametrize(
    ("users", "tier"), [(1, "local"), (199_999, "local"), (200_000, "national"), (5_000_000, "national")]
)
def test_the_tier_follows_the_users_and_is_never_guessed_to_be_an_experiment(users: int, tier: str):
    assert parse(f'[project]\nname = "A"\nusers = {users}\n[target]\n'.encode()).project.tier == tier


@pytest.mark.parametrize("tier", TIERS)
def test_a_tier_that_is_said_wins_over_the_size(tier: str):
    said = parse(f'[project]\nname = "A"\nusers = 300_000\ntier = "{tier}"\n[target]\n'.encode())
    assert said.project.tier == tier


def test_an_unknown_tier_is_refused_beside_its_field():
    with pytest.raises(ProjectError, match=r"project\.tier: .*'experiment', 'local' or 'national'"):
        parse(b'[project]\nname = "A"\nusers = 1\ntier = "regional"\n[target]\n')


def test_users_that_are_wrong_are_said_before_the_tier_they_would_give():
    with pytest.raises(ProjectError, match=r"project\.users"):
        parse(b'[project]\nname = "A"\nusers = -1\n[target]\n')
