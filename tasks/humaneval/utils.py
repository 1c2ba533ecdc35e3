"""HumanEval's items and grader."""

from harness.benchmarks.data import Loader
from harness.benchmarks.scorer import humaneval_scorer

load = Loader("humaneval")
score = humaneval_scorer()
