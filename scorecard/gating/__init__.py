"""The gate: the decision of a scorecard, then what a policy and a baseline refuse beyond it."""

from scorecard.gating.baseline import Baseline, BaselineError
from scorecard.gating.policy import PolicyError, PolicyFile
from scorecard.gating.refusals import Refusal
from scorecard.gating.ruling import BUILT_IN, Ruling, rule

__all__ = ["BUILT_IN", "Baseline", "BaselineError", "PolicyError", "PolicyFile", "Refusal", "Ruling", "rule"]
