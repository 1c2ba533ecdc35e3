"""The lab's models: the base that ships with the package, and the rows that its reasoning models learn from."""

from pathlib import Path

from traceinv.lab.questions import Split, draw
from traceinv.reasoning import wrap_reply
from traceinv.records import Example

BASE = Path(__file__).parent / "base"


def true_examples(split: Split, per_family: int, steps: tuple[int, int], seed: int) -> list[Example]:
    """Questions with their true traces and answers: how target and surrogate are made, and nothing else ever is."""
    return [
        Example(id=identifier, prompt=problem.question, completion=wrap_reply(problem.trace, problem.answer))
        for identifier, problem in draw(split, per_family, steps, seed).items()
    ]
