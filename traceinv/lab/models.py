"""The lab's models: the base model of the package, and the training examples of target and surrogate."""

from pathlib import Path

from traceinv.lab.questions import Split, draw
from traceinv.reasoning import wrap_reply
from traceinv.records import Example

BASE = Path(__file__).parent / "base"


def true_examples(split: Split, per_family: int, steps: tuple[int, int], seed: int) -> list[Example]:
    """Draw training examples with true traces; only target and surrogate are trained on them.

    Args:
        per_family: number of questions of each family.
        steps: the smallest and the largest number of reasoning steps.
    """
    return [
        Example(id=identifier, prompt=problem.question, completion=wrap_reply(problem.trace, problem.answer))
        for identifier, problem in draw(split, per_family, steps, seed).items()
    ]
