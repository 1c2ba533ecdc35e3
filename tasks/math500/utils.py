"""MATH-500's items and grader."""

from harness.benchmarks.data import Loader
from harness.benchmarks.scorer import Item, Scorer, boxed
from harness.grading import Grade, grade_math


def grade(response: str, item: Item) -> Grade:
    return grade_math(response, item["reference"])


load = Loader("math500")
score = Scorer(grade, solve=lambda item: boxed(item["reference"]))
