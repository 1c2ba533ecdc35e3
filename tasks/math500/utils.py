"""MATH-500's items and grader."""

from harness.benchmarks.data import Loader
from harness.benchmarks.scorer import math_scorer

load = Loader("math500")
score = math_scorer()
