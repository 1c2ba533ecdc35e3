"""GSM8K's items and grader."""

from typing import Any

from harness.benchmarks.data import Loader
from harness.benchmarks.scorer import math_scorer
from harness.grading import NUMBER_RULE


def prepare(row: dict[str, Any]) -> dict[str, Any]:
    return {"reference": row["answer"].rpartition("####")[2].strip().replace(",", "")}


load = Loader("gsm8k", prepare)
score = math_scorer(NUMBER_RULE)
