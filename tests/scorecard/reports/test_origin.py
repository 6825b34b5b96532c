"""Where the figures come from, and what rests on somebody's word."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date

from scorecard.reports import ledger, origin
from scorecard.scorecard import Scorecard


def test_the_digest_can_be_computed_again_from_the_files(cards: dict[str, Scorecard]) -> None:
    card = cards["no_go"]
    lines = "".join(sorted(f"{e.name} {e.digest}\n" for e in card.evidence))
    assert origin.digest(card) == "sha256:" + hashlib.sha256(lines.encode()).hexdigest()
    turned = card.model_copy(update={"evidence": card.evidence[::-1]})
    assert origin.digest(turned) == origin.digest(card)


def test_a_changed_a_missing_and_an_added_piece_change_the_digest(cards: dict[str, Scorecard]) -> None:
    card = cards["no_go"]
    first, *others = card.evidence
    changed = first.model_copy(update={"collector": "somebody", "digest": ""})
    assert len({
        origin.digest(card.model_copy(update={"evidence": tuple(evidence)}))
        for evidence in (card.evidence, others, [changed, *others], [*card.evidence, first], [])
    }) == 5  # fmt: skip


def test_own_parts_are_one_tool_and_come_first(cards: dict[str, Scorecard]) -> None:
    card = cards["go"]

    def by(tool: str, n: int) -> object:
        made = card.evidence[n].provenance
        assert made is not None
        return card.evidence[n].model_copy(update={"provenance": made.model_copy(update={"tool": tool})})

    named = card.model_copy(update={"evidence": (by("locust", 0), by("portance-http", 1), by("portance k8s", 2))})
    assert origin.tools(named) == ("Portance 1.2.3", "locust 1.2.3")


def test_the_span_goes_from_the_first_start_to_the_last_end(cards: dict[str, Scorecard]) -> None:
    span = origin.span(cards["go"])
    assert span is not None
    assert f"{span[0]:%H:%M:%S}" == "04:30:00"
    assert f"{span[1]:%H:%M:%S}" == "04:31:33"
    assert origin.span(cards["undetermined"]) is None
    assert origin.machines(cards["undetermined"]) == ()


def test_what_lapses_first_is_named_first(card: Callable[..., Scorecard]) -> None:
    built = card()
    *others, last = ledger.declared(built)
    soon = {j.criterion.id: j for j in (last.judged.model_copy(update={"expires_on": date(2026, 12, 1)}),)}
    domains = tuple(
        d.model_copy(update={"judged": tuple(soon.get(j.criterion.id, j) for j in d.judged)}) for d in built.domains
    )
    found = ledger.soonest(built.model_copy(update={"domains": domains}))
    assert len(found) == ledger.SOONEST <= len(others)
    assert found[0].judged.criterion.id == last.judged.criterion.id
    assert found[0].until == date(2026, 12, 1)
