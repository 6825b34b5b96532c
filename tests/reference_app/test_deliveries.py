"""What was accepted is paid exactly once, whatever the old finance system does; and it is not pressed beyond limits."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import psycopg
import pytest
from old_finance import QUICK, Clock, OldFinance, old_finance, until

from reference_app.deliveries.sending import attempt
from reference_app.dossiers.operations import broken_chains
from reference_app.dossiers.receipt import LEGAL_TIME


@pytest.fixture(scope="module")
def process(tmp_path_factory) -> Iterator[OldFinance]:
    with old_finance(tmp_path_factory.mktemp("finance")) as running:
        yield running


@pytest.fixture
def system(process) -> OldFinance:
    """One that recognises no reference: what reaches it twice is paid twice."""
    process.turn(recognises=False)
    return process


@pytest.fixture
def clock() -> Clock:
    return Clock()


FAULTS = {
    "closed": {"closed": True},
    "busy": {"a_minute": 1},
    "slow": {"latency_s": 1.5},
    "error": {"fault": "error"},
    "garbage": {"fault": "garbage"},
    "bomb": {"fault": "bomb"},
    "cut": {"fault": "cut"},
    "dead": None,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_was_accepted_is_delivered_exactly_once_after_the_fault(place, system, clock, fault):
    references = place.accepted(2)
    knobs = FAULTS[fault]
    if knobs is None:
        system.kill()
    else:
        system.turn(recognises=False, at_once=50, **knobs)
    place.work(system, clock)
    assert "sent" not in [place.states()[reference] for reference in references[1:]]
    if knobs is None:
        system.start(recognises=False)
    else:
        until(lambda: system.seen()["working"] == 0)
        system.turn(recognises=False, at_once=50)
    clock.pass_by(hours=2)
    place.work(system, clock)
    assert place.states() == dict.fromkeys(references, "sent")
    assert system.times(references) == dict.fromkeys(references, 1)


def test_without_asking_first_a_lost_answer_is_paid_twice_and_the_books_show_it(place, system, clock):
    (reference,) = place.accepted(1)
    system.turn(recognises=False, fault="cut")
    place.work(system, clock)
    system.turn(recognises=False)
    place.rows("UPDATE delivery SET doubtful = false")  # the control: what a worker that does not write it down does
    clock.pass_by(hours=2)
    place.work(system, clock)
    assert system.times([reference]) == {reference: 2}


def test_a_worker_killed_in_the_middle_of_a_delivery_pays_nobody_twice(place, system, clock):
    system.turn(recognises=False, latency_s=3)
    (reference,) = place.accepted(1)
    command = [sys.executable, "-m", "reference_app", "work", "--queues", "minutes"]
    with subprocess.Popen(command, env=os.environ | place.environment(system)) as worker:
        try:
            until(lambda: system.seen()["working"] == 1)
        finally:
            worker.send_signal(signal.SIGKILL)
    until(lambda: system.times([reference]) == {reference: 1})
    assert place.states() == {reference: "ready"}
    place.work(system, clock)
    assert place.states() == {reference: "ready"}, "it is held as long as the call of the dead one may go on"
    system.turn(recognises=False)
    clock.pass_by(minutes=5)
    place.work(system, clock)
    assert place.states() == {reference: "sent"}
    assert system.times([reference]) == {reference: 1}


def test_no_connection_is_held_while_the_old_system_works(place, system, clock):
    place.accepted(1)
    system.turn(recognises=False, latency_s=0.8)

    async def run() -> dict[str, int]:
        async with place.worker(system, clock) as worker:
            calling = asyncio.create_task(attempt(worker))
            while not (await asyncio.to_thread(system.seen))["working"]:
                assert not calling.done()
            seen = worker.pool.get_stats()
            assert await calling
            return seen

    stats = asyncio.run(run())
    assert stats["pool_available"] == stats["pool_size"]


def test_no_process_that_serves_people_can_call_the_old_system():
    look = "import sys, reference_app.app; print('reference_app.deliveries.finance' in sys.modules)"
    control = look.replace("reference_app.app", "reference_app.jobs.app")
    said = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True).stdout
        for code in (look, control)
    ]
    assert said == ["False\n", "True\n"]


def test_the_limit_of_the_old_system_is_kept_by_all_workers_together(place, system, clock):
    place.accepted(6)
    system.turn(recognises=False, latency_s=0.15, at_once=50)
    place.work(system, clock, replace(QUICK, at_once=2), workers=3)
    assert set(place.states().values()) == {"sent"}
    assert system.seen()["most_at_once"] == 2
    place.accepted(4)
    system.turn(recognises=False, latency_s=2, at_once=50)
    place.work(system, clock, replace(QUICK, at_once=8, timeout_s=30), workers=3)
    assert system.seen()["most_at_once"] > 2, "the control: with a wider gate the same check sees more"


def test_a_dead_system_is_left_alone_after_some_failures_and_tried_by_one(place, system, clock):
    references = place.accepted(6)
    system.turn(recognises=False, fault="error", at_once=50)
    careful = replace(QUICK, at_once=1, trips_after=3, open_s=60)
    place.work(system, clock, careful)
    assert system.seen()["served"] == 3
    place.work(system, clock, careful)
    assert system.seen()["served"] == 3, "while the breaker is open nothing is called"
    clock.pass_by(seconds=61)
    place.work(system, clock, replace(careful, at_once=4), workers=2)
    assert system.seen()["served"] == 4, "then one attempt tries, whatever the number of workers"
    system.turn(recognises=False)
    clock.pass_by(hours=3)
    place.work(system, clock, careful)
    assert place.states() == dict.fromkeys(references, "sent")


def test_without_a_breaker_everything_is_tried_on_a_dead_system(place, system, clock):
    place.accepted(5)
    system.turn(recognises=False, fault="error", at_once=50)
    place.work(system, clock, replace(QUICK, trips_after=1000))
    assert system.seen()["served"] == 5, "the control of the test above"


@pytest.mark.parametrize(("share", "multiplied"), [(0.25, False), (1000.0, True)])
def test_retries_stay_the_share_of_what_is_sent_that_was_set(place, system, clock, share, multiplied):
    place.accepted(4)
    place.rows("UPDATE finance_gate SET tokens = 0")
    system.turn(recognises=False, fault="error", at_once=50)
    policy = replace(QUICK, trips_after=1000, attempts=1000, budget_share=share, budget_a_minute=0)
    for _ in range(4):
        place.work(system, clock, policy)
        clock.pass_by(hours=2)
    sends = system.seen()["served"]
    assert sends == (16 if multiplied else 5), "four and one retry; the control multiplies the load by four"


def test_at_night_nothing_is_called_and_no_attempt_is_used_up(place, system, clock):
    (reference,) = place.accepted(1)
    local = clock().astimezone(LEGAL_TIME)
    opens = local.replace(hour=10, minute=0)
    policy = replace(QUICK, opens=opens.time(), closes=opens.replace(hour=11).time())
    shut = Clock((opens - timedelta(hours=2)) - clock())
    place.work(system, shut, policy)
    assert system.seen()["served"] == 0
    shut.pass_by(days=1, hours=2, minutes=1)
    place.work(system, shut, policy)
    assert place.states() == {reference: "sent"}


def test_a_night_the_system_tells_of_itself_uses_up_no_attempt(place, system, clock):
    (reference,) = place.accepted(1)
    system.turn(recognises=False, closed=True)
    for _ in range(5):
        place.work(system, clock, replace(QUICK, attempts=2))
        clock.pass_by(hours=1)
    assert place.rows("SELECT attempts, problem FROM delivery") == [(0, "closed")]
    system.turn(recognises=False)
    place.work(system, clock, replace(QUICK, attempts=2))
    assert place.states() == {reference: "sent"}


def test_attempts_are_capped_and_what_failed_is_said_in_the_log(place, system, clock):
    (reference,) = place.accepted(1)
    system.turn(recognises=False, fault="garbage")
    for _ in range(4):
        place.work(system, clock, replace(QUICK, attempts=3))
        clock.pass_by(hours=2)
    assert place.rows("SELECT state, problem, attempts FROM delivery") == [("failed", "garbled", 3)]
    said = place.rows(
        "SELECT payload::jsonb ->> 'did' FROM operation JOIN dossier ON dossier.id = dossier_id"
        " WHERE receipt_number = %s ORDER BY rank",
        reference,
    )
    assert said[-1] == ("delivery.failed",)

    async def broken() -> list[str]:
        async with await psycopg.AsyncConnection.connect(place.database_url) as connection:
            return [problem async for _, problem in broken_chains(connection)]

    assert asyncio.run(broken()) == []


def test_a_payment_the_system_refuses_is_not_sent_again(place, system, clock):
    (first, second) = place.accepted(2)
    system.turn(recognises=True)
    place.work(system, clock)
    place.rows("UPDATE delivery SET state = 'ready', accepted_on = NULL, amount = 1 WHERE reference = %s", second)
    place.work(system, clock)
    assert place.states() == {first: "sent", second: "failed"}
    assert "DOUBLON" in place.rows("SELECT said FROM delivery WHERE reference = %s", second)[0][0]


def test_a_dossier_that_is_reopened_is_owed_nothing_until_it_is_accepted_again(place, system, clock):
    (reference,) = place.accepted(1)
    place.rows("UPDATE dossier SET state = 'en_instruction' WHERE receipt_number = %s", reference)
    place.work(system, clock)
    assert place.states() == {reference: "ready"}
    assert system.times([reference]) == {}
    place.rows("UPDATE dossier SET state = 'accepte' WHERE receipt_number = %s", reference)
    place.work(system, clock)
    assert system.times([reference]) == {reference: 1}


def test_each_decision_wakes_its_own_delivery(place, system, work):
    reference = place.accepted(1)
    settings = place.settings.model_copy(update={"finance_url": system.url})
    parts = replace(place.stage.app.state.parts, settings=settings)
    asyncio.run(work(SimpleNamespace(app=SimpleNamespace(state=SimpleNamespace(parts=parts)))))
    assert place.states() == dict.fromkeys(reference, "sent")
