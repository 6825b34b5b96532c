"""Lines to sources never insist and never hang: seen with a real process, beside callers that do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, suppress
from typing import Any

import httpx
import pytest

from reference_app import children
from reference_app.outgoing import Outgoing
from reference_app.sources import business_register, wording
from reference_app.sources.gate import FAILURES, REST_MOST_S, REST_S, Gate
from reference_app.sources.line import AT_ONCE, Line, SourceAway
from reference_app.stand_ins.business_register import TOKEN_VARIABLE, establishment
from reference_app.stand_ins.started import start

TOKEN, SIRET = "a token of the test", "73282932000074"
LONG_S = 3.0
"""Longer than any budget here: a question that takes so long has none."""


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def register() -> Iterator[httpx.Client]:
    with ExitStack() as stack:
        module = "reference_app.stand_ins.business_register"
        child, base = start(stack, "the register", module, lambda _: [], {TOKEN_VARIABLE: TOKEN})
        children.wait_ready([child])
        with httpx.Client(base_url=base, timeout=20) as client:
            yield client


@pytest.fixture
def turn(register: httpx.Client) -> Iterator[Callable[..., Any]]:
    def set_(**knobs: Any) -> dict[str, Any]:
        told: dict[str, Any] = register.put("/knobs", json={"in_flight": False} | knobs).raise_for_status().json()
        return told

    set_()
    yield set_
    set_()


def seen(register: httpx.Client) -> int:
    return int(register.get("/knobs").json()["seen"])


def asking(url: object, work: Callable[[Line], Coroutine[Any, Any, Any]], *, budget_s: float = 0.5, **how: Any) -> Any:
    """Do ``work`` with a line to ``url``."""

    async def run() -> Any:
        outgoing = Outgoing()
        try:
            return await work(Line("register", str(url), outgoing.client(), budget_s, **how))
        finally:
            await outgoing.end()

    return asyncio.run(run())


async def ask(line: Line, siret: str = SIRET) -> Any:
    return await business_register.ask(line, siret, token=TOKEN, recipient=SIRET, context="Aide", purpose="aid")


async def is_bounded(line: Line) -> bool:
    """The checker: whether a question over ``line`` ends, well or not."""
    try:
        async with asyncio.timeout(LONG_S):
            with suppress(SourceAway):
                await ask(line)
    except TimeoutError:
        return False
    return True


def test_a_source_that_is_slow_is_given_up(register, turn):
    turn(latency_s=60)
    assert asking(register.base_url, is_bounded)


def test_control_a_line_without_a_budget_is_seen_to_hang(register, turn):
    turn(latency_s=9)
    assert not asking(register.base_url, is_bounded, budget_s=3600)


def test_a_good_answer_gives_the_facts(register, turn):
    facts = asking(register.base_url, ask, budget_s=10)
    assert set(facts) == {"name", "address", "activity", "state"}
    assert facts["state"] == "open"


def test_a_business_of_one_person_goes_by_the_name_of_that_person(register, turn):
    name = asking(register.base_url, lambda line: ask(line, "60000000000007"), budget_s=10)["name"]
    person = establishment("60000000000007")["unite_legale"]["personne_physique_attributs"]
    assert name == f"{person['prenom_usuel']} {person['nom_naissance']}"


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (("A\x00B", None, " C\n\tD "), "A B C D"),
        (("e\u0301te\u0301",), "été"),
        (("\u202eabc",), "abc"),
        (("x" * 500,), "x" * 200),
        ((None, ""), ""),
    ],
)
def test_the_words_of_a_source_fit_in_one_line_of_a_form(parts, said):
    assert wording.line(*parts) == said


@pytest.mark.parametrize("fault", ["502", "504", "401"])
def test_a_failure_is_said_as_one(register, turn, fault):
    turn(fault=fault)
    with pytest.raises(SourceAway):
        asking(register.base_url, ask, budget_s=10)


def test_an_answer_that_is_no_json_is_none(register, turn):
    turn(fault="garbage")
    with pytest.raises(ValueError, match="JSON"):
        asking(register.base_url, ask, budget_s=10)


def test_after_failures_in_a_row_nothing_is_sent_until_a_trial_passes(register, turn):
    clock = Clock()
    turn(fault="502")
    before = seen(register)

    async def insist(line: Line) -> None:
        for _ in range(FAILURES + 5):
            with pytest.raises(SourceAway):
                await ask(line)
        assert seen(register) - before == FAILURES
        clock.now += REST_S
        results = await asyncio.gather(*(ask(line) for _ in range(5)), return_exceptions=True)
        assert all(isinstance(result, SourceAway) for result in results)
        assert seen(register) - before == FAILURES + 1  # the trial
        turn()
        clock.now += REST_S  # the rest is twice as long by now
        with pytest.raises(SourceAway):
            await ask(line)
        clock.now += REST_S
        assert await ask(line)
        assert await ask(line)

    asking(register.base_url, insist, budget_s=10, gate=Gate(clock))


def test_a_dead_source_costs_nothing_once_it_is_known_to_be_dead(unused_tcp_port_url):
    async def insist(line: Line) -> set[str]:
        said = set()
        for _ in range(FAILURES + 1):
            try:
                await ask(line)
            except SourceAway as error:
                said.add(str(error))
        return said

    assert asking(unused_tcp_port_url, insist) == {"register ConnectError", "register is left alone for now"}


@pytest.fixture
def unused_tcp_port_url() -> str:
    return "http://127.0.0.1:9"


def test_who_is_told_to_wait_waits_and_is_never_shut_out(register, turn):
    turn(a_minute=3, patience=2)
    clock = Clock()
    before = seen(register)

    async def crowd(line: Line) -> None:
        for _ in range(30):
            with suppress(SourceAway):
                await ask(line)
        assert seen(register) - before == 3  # the third answer said that nothing is left
        clock.now += 61
        with suppress(SourceAway):
            await ask(line)

    asking(register.base_url, crowd, budget_s=10, gate=Gate(clock))
    assert seen(register) - before == 4
    assert register.get("/knobs").json()["shut_out"] == 0


def test_control_who_does_not_wait_is_shut_out(register, turn):
    turn(a_minute=3, patience=2)

    async def crowd(line: Line) -> None:
        for _ in range(10):
            with suppress(SourceAway):
                await ask(line)

    class Open(Gate):
        def wait(self, seconds: float) -> None:
            pass

    asking(register.base_url, crowd, gate=Open())
    assert register.get("/knobs").json()["shut_out"] == 1


def test_a_crowd_that_waits_for_its_turn_stays_away_too_once_the_source_says_so(register, turn):
    turn(a_minute=3, patience=AT_ONCE, latency_s=0.2)
    before = seen(register)

    async def crowd(line: Line) -> list[Any]:
        return await asyncio.gather(*(ask(line) for _ in range(AT_ONCE * 3)), return_exceptions=True)

    asking(register.base_url, crowd, budget_s=10)
    assert seen(register) - before == AT_ONCE  # those that were on their way already


def test_an_answer_does_not_shorten_what_the_source_told_us_to_wait():
    clock = Clock()
    gate = Gate(clock)
    gate.failed()
    gate.wait(60)
    gate.answered()
    assert not gate.passes(1)
    clock.now += 60
    assert gate.passes(1)


def test_settings_that_the_source_refuses_are_a_failure_and_no_unknown_number(register, turn):
    async def without_recipient(line: Line) -> Any:
        return await business_register.ask(line, SIRET, token=TOKEN, recipient="", context="Aide", purpose="aid")

    with pytest.raises(SourceAway):
        asking(register.base_url, without_recipient, budget_s=10)


def test_the_same_question_of_two_people_at_once_is_answered_to_both(register, turn):
    turn(latency_s=0.2, in_flight=True)

    async def both(line: Line) -> list[Any]:
        return await asyncio.gather(ask(line), ask(line))

    first, second = asking(register.base_url, both, budget_s=10)
    assert first == second


def test_no_more_than_a_few_are_asked_at_once_and_the_others_wait_for_their_turn(register, turn):
    turn(latency_s=0.1)

    async def crowd(line: Line) -> list[Any]:
        return await asyncio.gather(*(ask(line) for _ in range(AT_ONCE * 3)))

    assert len(asking(register.base_url, crowd, budget_s=10)) == AT_ONCE * 3
    assert register.get("/knobs").json()["most_at_once"] == AT_ONCE


def test_a_gate_rests_longer_each_time_up_to_a_minute_and_opens_at_the_first_answer():
    clock = Clock()
    gate = Gate(clock)
    rests = []
    for _ in range(FAILURES - 1):
        gate.failed()
    for _ in range(6):
        gate.failed()
        began = clock.now
        while not gate.passes(0.5):
            clock.now += 0.5
        rests.append(clock.now - began)
    assert rests == [REST_S, 2 * REST_S, 4 * REST_S, 8 * REST_S, REST_MOST_S, REST_MOST_S]
    assert not gate.passes(0.5)
    gate.answered()
    assert gate.passes(0.5)
    assert gate.passes(0.5)


def test_a_client_for_every_call_makes_no_connection_for_every_call(register, turn):
    async def three(outgoing: Outgoing) -> set[object]:
        ports = set()
        for _ in range(3):  # as Authlib does: a client for every call
            async with outgoing.client() as client:
                answer = await client.get(f"{register.base_url}/api/pings")
                ports.add(answer.extensions["network_stream"].get_extra_info("client_addr"))
        return ports

    async def run() -> set[object]:
        outgoing = Outgoing()
        try:
            return await three(outgoing)
        finally:
            await outgoing.end()

    assert len(asyncio.run(run())) == 1
