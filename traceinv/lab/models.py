"""The lab's models: the base model of the package, and the training examples of target and surrogate."""

from collections.abc import Iterable
from pathlib import Path

from traceinv.lab.families import FAMILIES, World, secret_world
from traceinv.lab.questions import Split, draw
from traceinv.reasoning import wrap_reply
from traceinv.records import Example

BASE = Path(__file__).parent / "base"


def true_examples(
    split: Split,
    per_family: int,
    steps: tuple[int, int],
    seed: int,
    private: tuple[int, int] = (0, 0),
    world: World = secret_world,
    families: Iterable[str] = tuple(FAMILIES),
) -> list[Example]:
    """Draw training examples with traces that are true in a world; only target and surrogate are trained on them.

    Args:
        per_family: number of questions of each family.
        steps: the smallest and the largest number of reasoning steps.
        private: the smallest and the largest number of private ones among them.
        world: says which outcomes the private operation has in a problem.
    """
    return [
        Example(id=identifier, prompt=problem.question, completion=wrap_reply(problem.trace, problem.answer))
        for identifier, problem in draw(split, per_family, steps, seed, private, world, families).items()
    ]
