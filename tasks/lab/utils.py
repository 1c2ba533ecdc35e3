"""Data and graders of the lab's tasks. The questions are made anew each time, always the same ones."""

from functools import partial
from typing import Any

from datasets import Dataset

from harness.benchmarks.scorer import Item, Scorer
from harness.grading import grade_function, grade_value
from traceinv.lab.families import unit_tests
from traceinv.lab.questions import TEST_SEED, TEST_STEPS, sample_problems

ITEMS = 200
MOST_ALIKE = 0.2  # always giving the commonest answer scores at most this


def load(family: str, **_: Any) -> dict[str, Dataset]:
    problems = sample_problems(family, "test", ITEMS, TEST_STEPS, TEST_SEED, MOST_ALIKE)
    rows = [
        {"id": f"lab_{family}/{i}", "question": p.question, "reference": p.reference, "steps": p.steps}
        for i, p in enumerate(problems)
    ]
    return {"test": Dataset.from_list(rows)}


chain = partial(load, "chain")
dials = partial(load, "dials")
prints = partial(load, "prints")
compose = partial(load, "compose")


def solve_function(item: Item) -> str:
    p, q = item["reference"].split()
    return f"def f(x):\n    return ({p}*x + {q}) % 7"


score_value = Scorer(
    lambda response, item: grade_value(response, item["reference"]), solve=lambda item: str(item["reference"])
)
score_function = Scorer(
    lambda response, item: grade_function(response, unit_tests(item["reference"])), solve=solve_function
)
