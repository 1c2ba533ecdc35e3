"""Teach inverted traces on the questions alone that `inverted_verified` keeps, so that both are compared on the same rows."""

from traceinv.regimes.base import FROM_SUMMARY, Candidates, Regime, teach_inversions
from traceinv.regimes.verification import where_verified

REGIME = Regime(
    "inverted_where_verified",
    "control",
    56,
    FROM_SUMMARY,
    where_verified(teach_inversions),
    beside=Candidates(writer="inverter", shown="all"),
    partial=True,
    teaches="control: inverted traces, on the questions that inverted_verified keeps",
)
