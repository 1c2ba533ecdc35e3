"""MBPP's items and grader."""

from harness.benchmarks.data import Loader
from harness.benchmarks.scorer import Item, Scorer, fenced
from harness.grading import Grade, grade_mbpp
from harness.sandbox import require_isolation

TEST_SPLIT = range(11, 511)


def is_test(item: Item) -> bool:
    return int(item["id"].rpartition("/")[2]) in TEST_SPLIT


def grade(response: str, item: Item) -> Grade:
    return grade_mbpp(
        response,
        tests=item["tests"],
        reference=item["code"],
        imports=item.get("imports") or (),
        setup=item.get("setup") or "",
    )


load = Loader("mbpp", is_test=is_test)
score = Scorer(grade, lambda item: fenced(item["code"]), require_isolation)
