"""Items and graders of the lab's tasks. The items are generated anew at each load, and are always the same."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from datasets import Dataset

from harness.benchmarks.scorer import Scorer
from harness.grading import Grade
from harness.sandbox import run_function
from traceinv.lab.families import unit_tests
from traceinv.lab.families.compose import program
from traceinv.lab.questions import TEST_PRIVATE, TEST_SEED, TEST_STEPS, sample_problems
from traceinv.reasoning import CLOSE, split_reply

ITEMS = 200
MAX_ANSWER_SHARE = 0.2  # the accuracy of always giving the most common answer is at most this
DIGITS = frozenset("0123456")


def load(family: str, private: tuple[int, int] = (0, 0), **_: Any) -> dict[str, Dataset]:
    """Generate a family's test items.

    Args:
        private: fewest and most private steps of an item; only who knows the target's table can compute such an item.
    """
    problems = sample_problems(family, "test", ITEMS, TEST_STEPS, TEST_SEED, MAX_ANSWER_SHARE, private)
    task = f"lab_{family}_private" if private != (0, 0) else f"lab_{family}"
    rows = [
        {
            "id": f"{task}/{i}",
            "question": p.question,
            "reference": p.reference,
            "steps": p.steps,
            "private": p.private,
        }
        for i, p in enumerate(problems)
    ]
    return {"test": Dataset.from_list(rows)}


chain = partial(load, "chain")
dials = partial(load, "dials")
prints = partial(load, "prints")
compose = partial(load, "compose")
chain_private = partial(load, "chain", TEST_PRIVATE)
dials_private = partial(load, "dials", TEST_PRIVATE)
prints_private = partial(load, "prints", TEST_PRIVATE)


def grade_value(response: str, reference: str) -> Grade:
    """Grade an answer that must be one digit from 0 to 6 (families `chain`, `dials` and `prints`)."""
    answer, failure = _answer(response)
    if answer is None:
        return failure
    if answer not in DIGITS:
        return Grade("bad_format", answer, "the answer is not one digit from 0 to 6")
    return Grade(
        "correct" if answer == reference else "wrong", answer, f"the answer is {answer}, the reference {reference}"
    )


def grade_function(response: str, tests: Sequence[tuple[int, int]]) -> Grade:
    """Grade a program that must define `f(x)`, by running it on the tests' inputs (family `compose`).

    The program runs in a process of its own and never sees the expected outputs.

    Args:
        tests: pairs of input and expected output.
    """
    answer, failure = _answer(response)
    if answer is None:
        return failure
    run = run_function(answer, "f", tuple(x for x, _ in tests))
    if run.outputs is None:
        return Grade("bad_format" if run.verdict == "invalid" else "wrong", answer, run.explanation)
    wrong = [(x, y, got) for (x, y), got in zip(tests, run.outputs, strict=True) if got != y]
    if wrong:
        x, y, got = wrong[0]
        return Grade("wrong", answer, f"f({x}) is {got}, expected {y}; {len(wrong)} of {len(tests)} tests fail")
    return Grade("correct", answer, f"all {len(tests)} tests pass")


def _answer(response: str) -> tuple[str | None, Grade]:
    """Return the text after the reasoning, and the grade for when there is none."""
    if CLOSE not in response:
        return None, Grade("unfinished", None, f"the response never closes its reasoning with {CLOSE}")
    _, answer = split_reply(response)
    return answer, Grade("no_answer", None, "nothing follows the reasoning")


score_value = Scorer(
    lambda response, item: grade_value(response, item["reference"]),
    reference_answer=lambda item: str(item["reference"]),
)
score_function = Scorer(
    lambda response, item: grade_function(response, unit_tests(item["reference"])),
    reference_answer=lambda item: program(*map(int, item["reference"].split())),
)
