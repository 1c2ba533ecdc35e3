"""AIME 2024's items and grader."""

from typing import Any

from harness.benchmarks.data import Loader
from harness.benchmarks.scorer import Item, Scorer, boxed
from harness.grading import NUMBER_RULE, Grade, grade_math


def prepare(row: dict[str, Any]) -> dict[str, Any]:
    # some mirrors hold the number as a float
    return {"reference": str(row["reference"]).strip().removesuffix(".0")}


def grade(response: str, item: Item) -> Grade:
    return grade_math(response, item["reference"], rule=NUMBER_RULE)


load = Loader("aime24", prepare)
score = Scorer(grade, solve=lambda item: boxed(item["reference"]))
