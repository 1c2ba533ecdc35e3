"""Teach traces that an inverter wrote which was only prompted."""

from traceinv.regimes.base import Inversions, Regime, teach_inversions

REGIME = Regime(
    "zero_shot_inverted",
    "attack",
    60,
    Inversions(shown="all", trained=False),
    teach_inversions,
    teaches="traces of an inverter that was only prompted, never trained",
)
