"""Teach traces that the inverter wrote for question, answer and summary (arXiv 2603.07267, section 3)."""

from traceinv.regimes.base import FROM_SUMMARY, Regime, teach_inversions

REGIME = Regime(
    "inverted",
    "attack",
    40,
    FROM_SUMMARY,
    teach_inversions,
    contrast_with=("answer_only", "summary", "surrogate_trace", "inverted_without_summary", "inverted_mismatched"),
    teaches="traces that an inverter wrote from question, answer and summary",
)
