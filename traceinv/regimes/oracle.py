"""Yardstick: teach the target's true traces and answers, which nobody on the tester's side may read."""

from traceinv.regimes.base import HiddenTraces, Regime, teach_traces

REGIME = Regime(
    "oracle",
    "yardstick",
    100,
    HiddenTraces(),
    teach_traces,
    contrast_with=("answer_only", "inverted"),
    teaches="the target's true traces, hidden from every attacker: one of the scale",
)
