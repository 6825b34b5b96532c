"""Whether one way to ask a criterion is at least as strict as another, in every tier."""

from __future__ import annotations

from scorecard.criteria.criterion import Criterion, Reference, Threshold
from scorecard.project import TIERS


def loosened(before: Criterion, after: Criterion) -> str | None:
    """What ``after`` asks less strictly than ``before``, in words; None when it asks as much or more everywhere."""
    for tier in TIERS:
        one, other = before.in_tier(tier), after.in_tier(tier)
        if one.blocking and not other.blocking:
            return f"would no longer block in the tier {tier!r}"
        eased = eases(one, other)
        if eased is not None:
            return f"{eased} in the tier {tier!r}"
    if after.max_age_days > before.max_age_days:
        return f"would count for {after.max_age_days} days instead of {before.max_age_days}"
    if gone := [kind for kind in before.kinds if kind not in after.kinds]:
        return f"would no longer be asked of the kind {gone[0]!r}"
    if dropped := [name for name in before.requires if name not in after.requires]:
        return f"would no longer require {dropped[0]!r}"
    return None


def eases(before: Criterion, after: Criterion) -> str | None:
    """Which line of ``after`` is easier to reach than that of ``before`` (their own tier's), in words, else None."""
    if before.exclusive and not after.exclusive:
        return "would let a number on the line pass"
    if not _as_strict(before, before.pass_, after.pass_):
        return f"would pass at {_shown(after.pass_)} instead of {_shown(before.pass_)}"
    last_before, last_after = _last(before), _last(after)
    if not _as_strict(before, last_before, last_after):
        return f"would fail only beyond {_shown(last_after)} instead of {_shown(last_before)}"
    return None


def _last(criterion: Criterion) -> Threshold:
    """The last value that does not fail."""
    return criterion.pass_ if criterion.warn is None else criterion.warn


def _as_strict(criterion: Criterion, before: Threshold, after: Threshold) -> bool:
    if criterion.better == "equal" or isinstance(before, bool | str) or isinstance(after, bool | str):
        # A word that is tolerated beside the good one is easier than none: the words must be the same, or fewer.
        return before == after or after == criterion.pass_
    if isinstance(before, Reference) != isinstance(after, Reference):
        return False  # which of the two is higher depends on the project
    if isinstance(before, Reference) and isinstance(after, Reference):
        return before.of == after.of and all(
            _not_easier(criterion, b, a) for b, a in ((before.times, after.times), (before.plus, after.plus))
        )
    assert not isinstance(before, Reference)
    assert not isinstance(after, Reference)
    return _not_easier(criterion, before, after)


def _not_easier(criterion: Criterion, before: float, after: float) -> bool:
    return after >= before if criterion.better == "higher" else after <= before


def _shown(threshold: Threshold) -> str:
    if not isinstance(threshold, Reference):
        return str(threshold).lower() if isinstance(threshold, bool) else str(threshold)
    return f"{threshold.of} x {threshold.times:g} + {threshold.plus:g}"
