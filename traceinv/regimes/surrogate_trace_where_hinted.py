"""Teach the surrogate's traces on the questions alone that `surrogate_hinted` keeps, to compare both on the same rows."""

from traceinv.regimes.base import Candidates, Regime, SurrogateTraces, teach_traces
from traceinv.regimes.verification import where_verified

REGIME = Regime(
    "surrogate_trace_where_hinted",
    "control",
    33,
    SurrogateTraces(),
    where_verified(teach_traces),
    beside=Candidates(writer="surrogate", shown="answer"),
    partial=True,
    teaches="control: the surrogate's traces, on the questions that surrogate_hinted keeps",
)
