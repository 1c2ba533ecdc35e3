"""Teach traces that an inverter wrote for question and answer alone."""

from traceinv.regimes.base import Inversions, Regime, teach_inversions

REGIME = Regime(
    "inverted_without_summary",
    "attack",
    50,
    Inversions(shown="answer", trained=True),
    teach_inversions,
    contrast_with=("answer_only", "surrogate_trace"),
    teaches="traces that an inverter wrote from question and answer",
)
