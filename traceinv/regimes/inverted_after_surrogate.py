"""Teach inverted traces to the student that has learned the surrogate's own traces: a curriculum of the two."""

from traceinv.regimes.base import FROM_SUMMARY, Regime, teach_inversions

REGIME = Regime(
    "inverted_after_surrogate",
    "attack",
    57.5,
    FROM_SUMMARY,
    teach_inversions,
    after="surrogate_trace",
    contrast_with=("inverted_with_surrogate", "surrogate_trace"),
    teaches="inverted traces, for students that first learned the surrogate's own: a curriculum",
)
