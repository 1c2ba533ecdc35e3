"""CRUXEval's items and grader."""

from harness.benchmarks.data import Loader
from harness.benchmarks.scorer import Item, Scorer
from harness.grading import Grade, grade_literal


def grade(response: str, item: Item) -> Grade:
    return grade_literal(response, item["reference"])


load = Loader("cruxeval")
score = Scorer(grade, reference_answer=lambda item: f"[ANSWER]{item['reference']}[/ANSWER]")
