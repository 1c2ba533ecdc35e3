"""The lab's questions, in splits that cannot overlap.

The split of a question is a hash of its key, which is the question without its names. So no seed can put a question into
two splits.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable
from random import Random
from typing import Literal, get_args

from traceinv.lab.families import FAMILIES, Problem, World, secret_world
from traceinv.records import Question

Split = Literal["base", "target_train", "surrogate_train", "target", "surrogate", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)
TEST_SEED = 2603_07267
TEST_STEPS = (3, 6)
TEST_PRIVATE = (1, 2)
"""Fewest and most private steps of an item that has any."""


def split_of(problem: Problem) -> Split:
    """Return the only split that may hold a problem."""
    digest = hashlib.sha256(f"{problem.family}\n{problem.key}".encode()).digest()
    return SPLITS[int.from_bytes(digest[:8], "big") % len(SPLITS)]


def sample_problems(
    family: str,
    split: Split,
    count: int,
    steps: tuple[int, int],
    seed: int,
    max_answer_share: float = 1.0,
    private: tuple[int, int] = (0, 0),
    world: World = secret_world,
) -> list[Problem]:
    """Draw distinct problems of one family.

    Args:
        steps: the smallest and the largest number of steps; numbers between them are equally likely.
        max_answer_share: the largest share of the problems that may have the same answer.
        private: the smallest and the largest number of private steps, likewise. A problem with fewer steps has private steps
            alone; a family without the private operation has none.
        world: says which outcomes the private operation has in a problem.

    Raises:
        ValueError: the family has too few different problems of these lengths in this split.
    """
    rng = Random(f"{family}/{split}/{seed}")
    problems: dict[str, Problem] = {}
    answers: Counter[str] = Counter()
    for _ in range(1000 + 100 * count):
        if len(problems) == count:
            return list(problems.values())
        problem = _sample(rng, family, rng.randint(*steps), private, world)
        if (
            split_of(problem) == split
            and problem.key not in problems
            and answers[problem.answer] < max_answer_share * count
        ):
            problems[problem.key] = problem
            answers[problem.answer] += 1
    raise ValueError(f"the family {family} has no {count} different problems of {steps} steps in the split {split}")


def _sample(rng: Random, family: str, steps: int, private: tuple[int, int], world: World) -> Problem:
    if not FAMILIES[family].has_private or private == (0, 0):
        return FAMILIES[family].sample(rng, steps)
    return FAMILIES[family].sample(rng, steps, min(steps, rng.randint(*private)), world)


def draw(
    split: Split,
    per_family: int,
    steps: tuple[int, int],
    seed: int,
    private: tuple[int, int] = (0, 0),
    world: World = secret_world,
    families: Iterable[str] = tuple(FAMILIES),
) -> dict[str, Problem]:
    """Draw problems of every family, or of some, and return them by question id; see `sample_problems`."""
    return {
        f"{split}/{family}/{seed}/{number}": problem
        for family in families
        for number, problem in enumerate(
            sample_problems(family, split, per_family, steps, seed, private=private, world=world)
        )
    }


def as_question(identifier: str, problem: Problem) -> Question:
    """Return the part of a problem that everybody may see."""
    return Question(id=identifier, kind=problem.family, text=problem.question)
