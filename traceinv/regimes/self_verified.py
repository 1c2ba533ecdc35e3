"""Teach the untaught student's own replies that come to the target's answer: rejection sampling (STaR, arXiv 2203.14465)."""

from traceinv.regimes.base import Candidates, Regime
from traceinv.regimes.verification import teach_verified

REGIME = Regime(
    "self_verified",
    "attack",
    34,
    Candidates(writer="student", shown="question"),
    teach_verified,
    partial=True,
    contrast_with=("answer_only", "answer_only_where_self_verified"),
    teaches="the untaught student's own replies, where they come to the target's answer",
)
