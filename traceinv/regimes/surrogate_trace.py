"""Teach the surrogate's own traces and answers: the baseline that every attack must beat."""

from traceinv.regimes.base import Regime, SurrogateTraces, teach_traces

REGIME = Regime(
    "surrogate_trace",
    "baseline",
    30,
    SurrogateTraces(),
    teach_traces,
    teaches="the surrogate's own traces and answers, nothing of the target: the baseline that attacks must beat",
)
