"""Statistics of scores: intervals, paired comparisons, recovery, leak, and pass@k.

docs/statistics.md explains the choice of each method; docs/coverage.md gives its measured coverage.
"""

from harness.stats.intervals import Estimate, difference, estimate
from harness.stats.leak import Gain, Leak, gain, leak
from harness.stats.noise import CONFIDENCE, Noise, Scores, SeedVariance
from harness.stats.paired import Comparison, compare, corrected, holm
from harness.stats.planning import POWER, detectable, more_questions, more_seeds
from harness.stats.recovery import Recovery, recovery
from harness.stats.repeats import pass_at_k
from harness.stats.variance import contrast, pool_seeds

__all__ = [
    "CONFIDENCE",
    "POWER",
    "Comparison",
    "Estimate",
    "Gain",
    "Leak",
    "Noise",
    "Recovery",
    "Scores",
    "SeedVariance",
    "compare",
    "contrast",
    "corrected",
    "detectable",
    "difference",
    "estimate",
    "gain",
    "holm",
    "leak",
    "more_questions",
    "more_seeds",
    "pass_at_k",
    "pool_seeds",
    "recovery",
]
