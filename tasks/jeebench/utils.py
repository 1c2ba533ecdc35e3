"""JEEBench's items and grader."""

from typing import Any

from harness.benchmarks.data import Loader
from harness.benchmarks.scorer import Item, Scorer, boxed
from harness.grading import Grade, grade_jeebench
from traceinv.errors import InputError, nearest

INSTRUCTIONS = {
    "MCQ": r"Exactly one option is right. Reason step by step, and put its letter within \boxed{}.",
    "MCQ(multiple)": r"One or more options are right. Reason step by step, and put the letters of all of them within \boxed{}.",
    "Integer": r"The answer is an integer. Reason step by step, and put it within \boxed{}.",
    "Numeric": r"The answer is a number. Reason step by step, and put it, to two decimal places, within \boxed{}.",
}


def prepare(row: dict[str, Any]) -> dict[str, Any]:
    if row["kind"] not in INSTRUCTIONS:
        raise InputError(
            f"jeebench: type: unknown kind of question {row['kind']!r}{nearest(row['kind'], INSTRUCTIONS)}"
        )
    return {"instruction": INSTRUCTIONS[row["kind"]]}


def grade(response: str, item: Item) -> Grade:
    return grade_jeebench(response, item["reference"], item["kind"])


def wrong_answer(item: Item) -> str:
    if item["kind"] in ("Integer", "Numeric"):
        return boxed(str(float(item["reference"]) + 100))
    return boxed(next((letter for letter in "ABCD" if letter not in item["reference"]), "E"))


load = Loader("jeebench", prepare)
score = Scorer(grade, reference_answer=lambda item: boxed(item["reference"]), wrong_answer=wrong_answer)
