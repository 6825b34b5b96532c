"""Limits of one person and of one address: they hold, say so, wear off, and leave the others alone."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_app.limits import Buckets, Rate, sender

FEW = {
    "unlimited_networks": "",
    "address_burst": 30,
    "address_per_s": 0.01,
    "sign_in_burst": 4,
    "sign_in_per_s": 0.01,
    "person_burst": 12,
    "person_per_s": 0.01,
    "write_burst": 3,
    "write_per_s": 0.01,
}


@pytest.fixture(scope="module")
def limited(staged):
    with staged(**FEW) as stage:
        yield stage


def from_address(stage, number, **options):
    """A browser on an address of its own of the loopback network."""
    transport = httpx.HTTPTransport(local_address=f"127.0.5.{number}")
    return stage.browser(transport=transport, **options)


def moved(client, number):
    """The cookies of ``client`` on another address: the same person elsewhere."""
    cookies = dict(client.cookies)
    return httpx.HTTPTransport(local_address=f"127.0.5.{number}"), cookies


def test_an_address_that_floods_is_told_to_wait_and_another_is_served(limited):
    flooding, other = from_address(limited, 1), from_address(limited, 2)
    answers = [flooding.get("/") for _ in range(40)]
    assert [answer.status_code for answer in answers] == [200] * 30 + [429] * 10
    assert 0 < int(answers[-1].headers["retry-after"]) <= 100
    assert "Too many requests" in answers[-1].text
    assert "default-src 'none'" in answers[-1].headers["content-security-policy"]
    assert other.get("/").status_code == 200
    assert flooding.get("/livez").status_code == 200, "the platform is not refused"
    assert flooding.get("/static/style.css").status_code == 200


def test_sign_ins_of_an_address_are_few(limited):
    client = from_address(limited, 3)
    statuses = [client.get("/sign-in/business", follow_redirects=False).status_code for _ in range(6)]
    assert statuses == [303] * 4 + [429] * 2
    assert client.get("/").status_code == 200


def test_a_person_is_limited_wherever_they_are_and_another_is_not(limited, draft, key, form_action):
    client = from_address(limited, 4)
    page = client.get("/sign-in/business")
    client.post(form_action(page), data={"identity": "business-limited"})
    statuses = []
    for number in range(10, 14):
        transport, cookies = moved(client, number)
        elsewhere = limited.browser(transport=transport, cookies=cookies)
        statuses += [
            elsewhere.post("/api/v1/procedures/emergency-aid/dossiers", json=draft, headers=key()).status_code
            for _ in range(2)
        ]
    assert statuses == [201] * 3 + [429] * 5
    answer = elsewhere.post("/api/v1/procedures/emergency-aid/dossiers", json=draft, headers=key())
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "/problems/too-many-requests"
    assert answer.json()["status"] == 429

    another = from_address(limited, 5)
    page = another.get("/sign-in/business")
    another.post(form_action(page), data={"identity": "business-unlimited"})
    assert another.post("/api/v1/procedures/emergency-aid/dossiers", json=draft, headers=key()).status_code == 201


def test_a_network_of_tests_is_not_limited(stage):
    client = stage.browser()
    assert {client.get("/sign-in").status_code for _ in range(150)} == {200}


def test_a_bucket_lets_a_burst_pass_then_its_rate():
    now = [0.0]
    buckets = Buckets(Rate(burst=2, per_s=0.5), lambda: now[0])
    assert [buckets.take("a"), buckets.take("a")] == [0.0, 0.0]
    assert buckets.take("a") == 2.0
    now[0] = 1.0
    assert buckets.take("a") == 1.0
    now[0] = 2.0
    assert buckets.take("a") == 0.0
    assert buckets.take("b") == 0.0


@given(st.lists(st.tuples(st.floats(0, 5), st.booleans()), max_size=60))
def test_no_more_than_burst_and_rate_ever_passes(asked):
    now, passed = [0.0], 0
    buckets = Buckets(Rate(burst=3, per_s=2.0), lambda: now[0])
    for wait, other in asked:
        now[0] += wait
        passed += not other and buckets.take("a") == 0.0
        if other:
            buckets.take("b")
    assert passed <= 3 + 2.0 * now[0] + 1e-6


def test_memory_is_bounded_and_the_oldest_is_forgotten():
    buckets = Buckets(Rate(burst=1, per_s=0.001), lambda: 0.0, kept=100)
    for number in range(1000):
        buckets.take(str(number))
    assert len(buckets) == 100
    assert buckets.take("999") > 0
    assert buckets.take("0") == 0.0


PROXIES = (ip_network("10.0.0.0/8"),)


@pytest.mark.parametrize(
    ("connected", "written", "expected"),
    [
        ("192.0.2.1", "", "192.0.2.1"),
        ("192.0.2.1", "198.51.100.7", "192.0.2.1"),
        ("10.1.1.1", "198.51.100.7", "198.51.100.7"),
        ("10.1.1.1", "203.0.113.9, 198.51.100.7", "198.51.100.7"),
        ("10.1.1.1", "198.51.100.7, 10.2.2.2", "198.51.100.7"),
        ("10.1.1.1", "198.51.100.7, rubbish", "10.1.1.1"),
        ("10.1.1.1", "", "10.1.1.1"),
        ("::ffff:192.0.2.1", "", "192.0.2.1"),
    ],
)
def test_only_a_trusted_proxy_says_for_whom_it_asks(connected, written, expected):
    scope = {"type": "http", "client": (connected, 1), "headers": [(b"x-forwarded-for", written.encode())]}
    assert sender(scope, PROXIES) == ip_address(expected)


def test_what_has_no_address_is_nobody():
    assert sender({"type": "http", "client": None, "headers": []}, PROXIES) is None
