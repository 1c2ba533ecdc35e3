"""MATH-500's items and grader."""

from harness.benchmarks.data import Loader
from harness.benchmarks.scorer import Scorer, boxed
from harness.grading import grade_math500

load = Loader("math500")
score = Scorer(
    lambda response, item: grade_math500(response, item["reference"]),
    reference_answer=lambda item: boxed(item["reference"]),
)
