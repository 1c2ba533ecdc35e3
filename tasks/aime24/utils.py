"""AIME 2024's items and grader."""

from harness.benchmarks.data import Loader, number_reference
from harness.benchmarks.scorer import math_scorer
from harness.grading import NUMBER_RULE

load = Loader("aime24", number_reference)
score = math_scorer(NUMBER_RULE)
