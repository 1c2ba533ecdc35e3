"""Teach inverted traces that come to the target's answer: of several a question, the first that does."""

from traceinv.regimes.base import Candidates, Regime
from traceinv.regimes.verification import teach_verified

REGIME = Regime(
    "inverted_verified",
    "attack",
    55,
    Candidates(writer="inverter", shown="all"),
    teach_verified,
    partial=True,
    contrast_with=("inverted", "inverted_where_verified"),
    teaches="of several inverted traces the first that comes to the target's answer",
)
