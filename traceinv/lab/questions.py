"""The lab's questions, in splits that cannot overlap.

A question belongs to a split by a hash of its key, the question up to renaming, so no split can hold another's question
whatever seed drew it.
"""

import hashlib
from collections import Counter
from random import Random
from typing import Literal, get_args

from traceinv.lab.families import FAMILIES, Problem
from traceinv.records import Question

Split = Literal["base", "target_train", "surrogate_train", "target", "surrogate", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)
TEST_SEED = 2603_07267
TEST_STEPS = (3, 6)


def split_of(problem: Problem) -> Split:
    """The one split that may hold this problem."""
    digest = hashlib.sha256(f"{problem.family}\n{problem.key}".encode()).digest()
    return SPLITS[int.from_bytes(digest[:8], "big") % len(SPLITS)]


def sample_problems(
    family: str, split: Split, count: int, steps: tuple[int, int], seed: int, most_alike: float = 1.0
) -> list[Problem]:
    """Draw distinct problems of one family, with lengths drawn evenly from `steps` (both ends included).

    Args:
        most_alike: the largest share of the problems that may have one and the same answer.

    Raises:
        ValueError: the family has too few different problems of these lengths in this split.
    """
    rng = Random(f"{family}/{split}/{seed}")
    problems: dict[str, Problem] = {}
    answers: Counter[str] = Counter()
    for _ in range(1000 + 100 * count):
        if len(problems) == count:
            return list(problems.values())
        problem = FAMILIES[family].sample(rng, rng.randint(*steps))
        if split_of(problem) == split and problem.key not in problems and answers[problem.answer] < most_alike * count:
            problems[problem.key] = problem
            answers[problem.answer] += 1
    raise ValueError(f"the family {family} has no {count} different problems of {steps} steps in the split {split}")


def draw(split: Split, per_family: int, steps: tuple[int, int], seed: int) -> dict[str, Problem]:
    """Problems of every family, by question id."""
    return {
        f"{split}/{family}/{seed}/{number}": problem
        for family in FAMILIES
        for number, problem in enumerate(sample_problems(family, split, per_family, steps, seed))
    }


def as_question(identifier: str, problem: Problem) -> Question:
    """The problem as anyone may see it: its text alone."""
    return Question(id=identifier, kind=problem.family, text=problem.question)
