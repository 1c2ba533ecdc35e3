"""Teach answers on the questions alone that `self_verified` keeps, so that both are compared on the same rows."""

from traceinv.regimes.answer_only import teach
from traceinv.regimes.base import Candidates, Disclosures, Regime
from traceinv.regimes.verification import where_verified

REGIME = Regime(
    "answer_only_where_self_verified",
    "control",
    35,
    Disclosures(shown="answer"),
    where_verified(teach),
    beside=Candidates(writer="student", shown="question"),
    partial=True,
    teaches="control: answers alone, on the questions that self_verified keeps",
)
