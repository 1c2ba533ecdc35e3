"""The result record's schema, version 2."""

from harness.results.schema.differences import Contrast, LeakRow, RecoveryRow, TestedDifference
from harness.results.schema.origin import Gate, Ledger, Provenance, StageEntry
from harness.results.schema.policies import PolicyRow, TargetFacts, ThreatModel, UtilityFigures
from harness.results.schema.record import SCHEMA_VERSION, ResultRecord
from harness.results.schema.scores import (
    STATE_LETTERS,
    Cell,
    Comparability,
    Count,
    Interval,
    Label,
    Row,
    Score,
    Seed,
    Share,
)
from harness.results.schema.traces import (
    FaithfulnessFigures,
    FaithfulnessRow,
    LikelihoodRow,
    ReadingRow,
    StyleDistance,
    StyleRow,
    StyleStats,
)

__all__ = [
    "SCHEMA_VERSION",
    "STATE_LETTERS",
    "Cell",
    "Comparability",
    "Contrast",
    "Count",
    "FaithfulnessFigures",
    "FaithfulnessRow",
    "Gate",
    "Interval",
    "Label",
    "LeakRow",
    "Ledger",
    "LikelihoodRow",
    "PolicyRow",
    "Provenance",
    "ReadingRow",
    "RecoveryRow",
    "ResultRecord",
    "Row",
    "Score",
    "Seed",
    "Share",
    "StageEntry",
    "StyleDistance",
    "StyleRow",
    "StyleStats",
    "TargetFacts",
    "TestedDifference",
    "ThreatModel",
    "UtilityFigures",
]
