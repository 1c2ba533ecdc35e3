"""GSM8K's items and grader."""

from typing import Any

from harness.benchmarks.data import Loader
from harness.benchmarks.scorer import Item, Scorer, boxed
from harness.grading import NUMBER_RULE, Grade, grade_math


def prepare(row: dict[str, Any]) -> dict[str, Any]:
    return {"reference": row["answer"].rpartition("####")[2].strip().replace(",", "")}


def grade(response: str, item: Item) -> Grade:
    return grade_math(response, item["reference"], rule=NUMBER_RULE)


load = Loader("gsm8k", prepare)
score = Scorer(grade, solve=lambda item: boxed(item["reference"]))
