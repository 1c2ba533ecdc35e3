"""Statistics of scores: intervals, paired comparisons, recovery, and pass@k.

docs/statistics.md explains the choice of each method and gives its measured coverage.
"""

from harness.stats.intervals import CONFIDENCE, Estimate, Noise, Scores, contrast, difference, estimate
from harness.stats.paired import Comparison, compare, holm
from harness.stats.planning import POWER, detectable, more_questions, more_seeds
from harness.stats.recovery import Recovery, recovery
from harness.stats.repeats import pass_at_k

__all__ = [
    "CONFIDENCE",
    "POWER",
    "Comparison",
    "Estimate",
    "Noise",
    "Recovery",
    "Scores",
    "compare",
    "contrast",
    "detectable",
    "difference",
    "estimate",
    "holm",
    "more_questions",
    "more_seeds",
    "pass_at_k",
    "recovery",
]
