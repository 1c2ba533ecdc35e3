"""The common part of `chain` and `dials`: operations that change one value, in the words of each family."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from traceinv.lab.families.base import Problem, concludes_with_value
from traceinv.lab.families.drills import Drill, make_drill
from traceinv.lab.families.modular import MODULUS, Operation, equations, sample_operations


@dataclass(frozen=True)
class CountingSteps:
    """Operations on a digit; a step's line is its rule and its equation.

    Attributes:
        start: from 0 to 6.
        rules: each operation in the words of the family.
    """

    start: int
    operations: Sequence[Operation]
    rules: Sequence[str]

    def __len__(self) -> int:
        return len(self.operations)

    def line(self, number: int, value: int) -> tuple[str, int]:
        operation = self.operations[number]
        return f"{self.rules[number]} {operation.equation(value)}", operation.apply(value)

    def answer(self, value: int) -> str:
        return str(value)

    def draw_value(self, rng: Random) -> int:
        return rng.randrange(MODULUS)


class Counting(ABC):
    """A family whose question states a start value and a sequence of operations."""

    name: str

    @abstractmethod
    def rule(self, number: int, operation: Operation) -> str:
        """Write an operation, counted from 0, as the line of the trace begins: `b=a+4`."""

    @abstractmethod
    def question(self, start: int, operations: Sequence[Operation]) -> str:
        """Write the question."""

    def sample(self, rng: Random, steps: int) -> Problem:
        """Draw a problem whose trace has exactly `steps` lines."""
        start, operations = rng.randrange(MODULUS), sample_operations(rng, steps)
        lines, answer = equations(start, operations)
        return Problem(
            family=self.name,
            steps=steps,
            question=self.question(start, operations),
            trace="\n".join(f"{rule} {line}" for rule, line in zip(self._rules(operations), lines, strict=True)),
            answer=str(answer),
            reference=str(answer),
            key=f"{start};{';'.join(map(str, operations))}",
        )

    def drill(self, rng: Random) -> Drill:
        """Draw single-step exercises on a question of two to nine steps."""
        count = rng.randint(2, 9)
        start, operations = rng.randrange(MODULUS), sample_operations(rng, count)
        return make_drill(
            rng, self.question(start, operations), CountingSteps(start, operations, self._rules(operations))
        )

    def concludes(self, trace: str, answer: str) -> bool:
        """Return whether the last line of a trace comes to the answer."""
        return concludes_with_value(trace, answer)

    def _rules(self, operations: Sequence[Operation]) -> list[str]:
        return [self.rule(number, operation) for number, operation in enumerate(operations)]
