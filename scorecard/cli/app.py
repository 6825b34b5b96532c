"""Commands of ``portance``: options are read in the modules named here, the work is done elsewhere."""

from scorecard.cli import (
    assessing,
    bridging,
    cataloguing,
    checking,
    comparing,
    declaring,
    gating,
    joining,
    knowing,
    locating,
    operating,
    proving,
    publishing,
)
from scorecard.cli.program import app

__all__ = [
    "app",
    "assessing",
    "bridging",
    "cataloguing",
    "checking",
    "comparing",
    "declaring",
    "gating",
    "joining",
    "knowing",
    "locating",
    "operating",
    "proving",
    "publishing",
]
