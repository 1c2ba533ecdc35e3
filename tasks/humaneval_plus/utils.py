"""HumanEval+'s items and grader."""

from typing import Any

from harness.benchmarks.data import Loader
from harness.benchmarks.scorer import Item, Scorer, fenced
from harness.grading import Grade, grade_humaneval
from harness.sandbox import require_isolation
from traceinv.errors import InputError


def prepare(row: dict[str, Any]) -> dict[str, Any]:
    # the `test` of EvalPlus' own release holds the base tests alone: a score by it would be HumanEval's
    if row.pop("plus_input", None) is not None:
        raise InputError(
            "humaneval_plus: this is the file of an EvalPlus release; expected the hub's form, without plus_input"
        )
    return {}


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


load = Loader("humaneval_plus", prepare)
score = Scorer(grade, solve, require_isolation)
