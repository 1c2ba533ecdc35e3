"""Teach what the surrogate writes when it is told the target's answer: what the answer alone gives."""

from traceinv.regimes.base import Candidates, Regime
from traceinv.regimes.verification import teach_verified

REGIME = Regime(
    "surrogate_hinted",
    "attack",
    32,
    Candidates(writer="surrogate", shown="answer"),
    teach_verified,
    partial=True,
    contrast_with=("surrogate_trace", "surrogate_trace_where_hinted"),
    teaches="what the surrogate writes when it is told the target's answer, where it comes to it",
)
