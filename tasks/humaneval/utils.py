"""HumanEval's items and grader."""

from harness.benchmarks.data import Loader
from harness.benchmarks.scorer import Item, Scorer, fenced
from harness.grading import Grade, grade_humaneval
from harness.sandbox import require_isolation


def grade(response: str, item: Item) -> Grade:
    return grade_humaneval(
        response,
        prompt=item["prompt"],
        test=item["test"],
        entry_point=item["entry_point"],
        canonical_solution=item["canonical_solution"],
    )


def solve(item: Item) -> str:
    return fenced(item["prompt"] + item["canonical_solution"])


load = Loader("humaneval")
score = Scorer(grade, solve, require_isolation)
