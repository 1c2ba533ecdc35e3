"""The common part of `chain` and `dials`: operations that change one value, in the words of each family."""

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import ClassVar, Literal

from traceinv.lab.families.base import JudgedLine, Problem, concludes_with_value, judge
from traceinv.lab.families.drills import Drill, count_private, make_drill, solve
from traceinv.lab.families.facts import SECRET, World, draw_table, secret_world
from traceinv.lab.families.modular import MODULUS, Operation, Table, sample_operations


@dataclass(frozen=True)
class CountingSteps:
    """Operations on a digit; a step's line is its rule and its equation.

    Attributes:
        start: from 0 to 6.
        rules: each operation in the words of the family.
        table: outcomes of the private operation.
    """

    start: int
    operations: Sequence[Operation]
    rules: Sequence[str]
    table: Table

    def __len__(self) -> int:
        return len(self.operations)

    def line(self, number: int, value: int) -> tuple[str, int]:
        operation = self.operations[number]
        return f"{self.rules[number]} {operation.equation(value, self.table)}", operation.apply(value, self.table)

    def answer(self, value: int) -> str:
        return str(value)

    def draw_value(self, rng: Random) -> int:
        return rng.randrange(MODULUS)


class Counting(ABC):
    """A family whose question states a start value and a sequence of operations.

    Attributes:
        form: a line of a trace; the group `label` names its step.
    """

    name: str
    form: ClassVar[re.Pattern[str]]
    domain: Literal["math", "code"] = "math"
    has_private = True

    @abstractmethod
    def rule(self, number: int, operation: Operation) -> str:
        """Write an operation, counted from 0, as the line of the trace begins: `b=a+4`."""

    @abstractmethod
    def question(self, start: int, operations: Sequence[Operation]) -> str:
        """Write the question."""

    @abstractmethod
    def statements(self, question: str) -> tuple[int, list[tuple[str, Operation]]]:
        """Read a question's start value, and each operation with its rule as written.

        Raises:
            ValueError: the question is not one of this family.
        """

    def sample(self, rng: Random, steps: int, private: int = 0, world: World = secret_world) -> Problem:
        """Draw a problem whose trace has exactly `steps` lines, of which exactly `private` are private ones."""
        start, operations = rng.randrange(MODULUS), sample_operations(rng, steps, private)
        key = f"{start};{';'.join(map(str, operations))}"
        lines, answer = solve(CountingSteps(start, operations, self._rules(operations), world(key)))
        return Problem(
            family=self.name,
            steps=steps,
            private=private,
            question=self.question(start, operations),
            trace="\n".join(lines),
            answer=str(answer),
            reference=str(answer),
            key=key,
        )

    def drill(self, rng: Random, private_share: float = 0.0) -> Drill:
        """Draw single-step exercises on a question of two to nine steps."""
        count = rng.randint(2, 9)
        private = count_private(rng, count, private_share)
        start, operations = rng.randrange(MODULUS), sample_operations(rng, count, private)
        table = draw_table(rng) if private else {}
        steps = CountingSteps(start, operations, self._rules(operations), table)
        return make_drill(rng, self.question(start, operations), steps)

    def parse(self, question: str, table: Table = SECRET) -> CountingSteps:
        """Read a question's steps back."""
        start, stated = self.statements(question)
        return CountingSteps(start, [operation for _, operation in stated], [rule for rule, _ in stated], table)

    def read(self, question: str, trace: str, table: Table = SECRET) -> list[JudgedLine]:
        """Judge each line of a trace that is not blank."""
        return judge(trace, self.form, solve(self.parse(question, table))[0])

    def concludes(self, trace: str, answer: str) -> bool:
        """Return whether the last line of a trace comes to the answer."""
        return concludes_with_value(trace, answer)

    def _rules(self, operations: Sequence[Operation]) -> list[str]:
        return [self.rule(number, operation) for number, operation in enumerate(operations)]
