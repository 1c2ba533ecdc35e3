"""MBPP+'s items and grader."""

from harness.benchmarks.data import Loader
from harness.benchmarks.scorer import Item, Scorer, fenced
from harness.grading import Grade, grade_mbpp
from harness.sandbox import require_isolation


def grade(response: str, item: Item) -> Grade:
    imports = item.get("imports") or ()
    return grade_mbpp(response, tests=[item["test"]], reference=item["code"], imports=imports, plus=True)


load = Loader("mbpp_plus")
score = Scorer(grade, lambda item: fenced(item["code"]), require_isolation)
