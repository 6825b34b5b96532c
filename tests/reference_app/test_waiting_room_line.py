"""The line of a waiting room, second by second: fair, bounded, the same on every worker."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_app.waiting_room.line import SETTLED_S, Line, Ticket, draw
from reference_app.waiting_room.room import Room

OPENS = 1_800_000_000
PER_S = 10
ROOM = Room(
    id=UUID(int=1),
    procedure="masks",
    seed=UUID(int=7),
    opens_at=OPENS,
    per_minute=60 * PER_S,
    minutes=10,
    now=0,
    free=True,
)
MOST_AT_ONCE = PER_S + 4 * PER_S**0.5
"""Each second holds a random share of those drawn: four standard deviations around the rate."""
CHI_SQUARE_9 = 27.88
"""What a chi-square with nine degrees of freedom exceeds once in a thousand times."""


def people(count: int, came: int | None = None, first: int = 0) -> list[Ticket]:
    """Tickets of so many people: all at ``came``, or spread over the ten minutes before the opening."""
    drawn = random.Random(first)
    return [
        Ticket(ROOM.id, UUID(int=drawn.getrandbits(128)), came if came is not None else OPENS - drawn.randint(1, 600))
        for _ in range(count)
    ]


def counted(tickets: list[Ticket]) -> Counter[int]:
    return Counter(max(t.came, OPENS - 1) for t in tickets)


def watched(line: Line, tickets: list[Ticket], seconds: int) -> dict[UUID, int]:
    """In which second after the opening each was let in, when the line is moved on once a second."""
    arrivals, entered = counted(tickets), {}
    for now in range(OPENS - 5, OPENS + seconds):
        seen = {second: count for second, count in arrivals.items() if line.settled < second < now}
        line.fold(seen, now)
        for ticket in tickets:
            if ticket.account in entered or ticket.came > now:
                continue
            if line.standing(ticket, now).phase == "admitted":
                entered[ticket.account] = now - OPENS
    return entered


def rank_counts(tickets: list[Ticket]) -> list[int]:
    """How many of those who came first got a place in each tenth of the line."""
    line = Line(ROOM)
    line.fold(counted(tickets), OPENS + SETTLED_S)
    early = sorted(tickets, key=lambda t: t.came)[: len(tickets) // 4]
    places = [line.standing(t, OPENS + SETTLED_S) for t in early]
    return [sum(10 * (s.ahead or 0) // len(tickets) == tenth for s in places) for tenth in range(10)]


def chi_square(counts: list[int]) -> float:
    expected = sum(counts) / len(counts)
    return sum((count - expected) ** 2 / expected for count in counts)


def test_who_came_first_before_the_opening_is_drawn_evenly_over_the_whole_line():
    assert chi_square(rank_counts(people(20_000))) < CHI_SQUARE_9


def test_an_order_of_arrival_would_be_found_uneven(monkeypatch):
    """The control: the same question of a line without a draw."""
    tickets = people(20_000)
    order = {t.account: rank / len(tickets) for rank, t in enumerate(sorted(tickets, key=lambda t: t.came))}
    monkeypatch.setattr("reference_app.waiting_room.line.draw", lambda _seed, account: order[account])
    assert chi_square(rank_counts(tickets)) > CHI_SQUARE_9


def test_another_room_draws_anew():
    places = [(draw(UUID(int=7), t.account), draw(UUID(int=8), t.account)) for t in people(2000)]
    below = sum(one < 0.5 and other < 0.5 for one, other in places)
    assert 400 < below < 600


def test_people_enter_at_the_rate_and_all_do():
    tickets = people(300) + people(200, OPENS, first=1) + people(100, OPENS + 20, first=2)
    entered = watched(Line(ROOM), tickets, 80)
    assert len(entered) == 600
    assert max(Counter(entered.values()).values()) <= MOST_AT_ONCE
    begun = [sum(second <= n for second in entered.values()) for n in range(80)]
    assert all(count <= (n + 1) * PER_S + MOST_AT_ONCE for n, count in enumerate(begun))


def test_without_a_line_the_same_people_exceed_the_rate():
    """The control: what would enter in the second of the opening without a room."""
    tickets = people(300) + people(200, OPENS, first=1)
    assert Counter(max(0, t.came - OPENS) for t in tickets)[0] > 10 * MOST_AT_ONCE


def test_what_nobody_used_is_not_saved_up_for_a_crowd():
    crowd = people(200, OPENS + 60)
    entered = Counter(watched(Line(ROOM), crowd, 100).values())
    assert max(entered.values()) <= MOST_AT_ONCE


def test_who_comes_in_a_later_second_does_not_enter_sooner():
    tickets = [Ticket(ROOM.id, UUID(int=n), OPENS + n // 20) for n in range(400)]
    entered = watched(Line(ROOM), tickets, 80)
    groups = [[entered[t.account] for t in tickets if t.came == OPENS + n] for n in range(20)]
    assert all(max(sooner) <= min(later) for sooner, later in pairwise(groups))


def test_somebody_alone_enters_as_soon_as_the_count_of_their_second_is_complete():
    entered = watched(Line(ROOM), people(1, OPENS + 30), 60)
    assert [*entered.values()] == [30 + SETTLED_S]


def test_a_turn_ends_and_the_ticket_with_it():
    line, (ticket,) = Line(ROOM), people(1, OPENS + 1)
    line.fold(counted([ticket]), OPENS + 10)
    turn = OPENS + 1 + SETTLED_S
    assert line.standing(ticket, turn + 599).phase == "admitted"
    assert line.standing(ticket, turn + 601).phase == "lapsed"


def test_a_place_and_a_time_are_told_while_one_waits():
    tickets = people(600)
    line = Line(ROOM)
    line.fold(counted(tickets), OPENS + SETTLED_S)
    newcomer = Ticket(ROOM.id, UUID(int=5), OPENS + SETTLED_S)
    standing = line.standing(newcomer, OPENS + SETTLED_S + 1)
    assert (standing.phase, standing.ahead) == ("waiting", 590)
    assert standing.wait_s == pytest.approx(59)


def test_before_the_opening_nobody_has_a_place():
    line, (ticket,) = Line(ROOM), people(1)
    line.fold({OPENS - 1: 1}, OPENS - 2)
    standing = line.standing(ticket, OPENS - 2)
    assert (standing.phase, standing.ahead, line.waiting()) == ("early", None, 1)


def test_a_second_whose_count_was_lost_keeps_nobody_waiting_for_ever():
    """A worker that dies takes its uncounted second along; those people have tickets."""
    line, (ticket,) = Line(ROOM), people(1, OPENS + 5)
    line.fold({}, OPENS + 30)
    assert line.standing(ticket, OPENS + 30).phase == "admitted"


@given(
    st.lists(st.integers(0, 80), min_size=1, max_size=40),
    st.lists(st.integers(1, 6), min_size=1, max_size=40),
    st.integers(0, 500),
)
def test_workers_that_look_at_other_moments_agree(arrivals, steps, early):
    counts = {OPENS + n: count for n, count in enumerate(arrivals) if count} | ({OPENS - 1: early} if early else {})
    end = OPENS + len(arrivals) + 20
    each_second, now_and_then, just_started = Line(ROOM), Line(ROOM), Line(ROOM)

    def known(line: Line, now: int) -> dict[int, int]:
        return {second: count for second, count in counts.items() if line.settled < second < now}

    for now in range(OPENS - 3, end + 1):
        each_second.fold(known(each_second, now), now)
    now, turn = OPENS - 3, 0
    while now < end:
        now_and_then.fold(known(now_and_then, now), now)
        now, turn = now + steps[turn % len(steps)], turn + 1
    now_and_then.fold(known(now_and_then, end), end)
    just_started.fold(known(just_started, end), end)
    tickets = [Ticket(ROOM.id, UUID(int=n + 1), OPENS - 10 + n * (len(arrivals) + 15) // 50) for n in range(50)]
    said = [[line.standing(t, end) for t in tickets] for line in (each_second, now_and_then, just_started)]
    assert said[0] == said[1] == said[2]


@given(st.lists(st.integers(0, 80), min_size=1, max_size=60), st.integers(0, 300))
def test_no_second_lets_in_more_than_the_rate_and_nobody_is_left(arrivals, early):
    counts = {OPENS + n: count for n, count in enumerate(arrivals)} | {OPENS - 1: early}
    line = Line(replace(ROOM, per_minute=60 * 7))
    needed = len(arrivals) + (sum(arrivals) + early) // 7 + SETTLED_S + 2
    for now in range(OPENS, OPENS + needed):
        before = line.waiting()
        line.fold({s: c for s, c in counts.items() if s > line.settled}, now)
        assert before - line.waiting() <= 7 + 1e-9 or before == 0
    assert line.waiting() == 0
