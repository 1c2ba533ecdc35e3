"""What `chain` and `dials` share: a value that one operation after the other changes, told in different words."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from random import Random

from traceinv.lab.families.base import Domain, Drill, Problem, make_drill
from traceinv.lab.families.modular import MODULUS, Operation, equations, sample_operations


class Counting(ABC):
    """A family whose questions are a start and operations in a row; a line of its trace is a rule and its equation."""

    name: str
    domain: Domain = "math"

    @abstractmethod
    def rule(self, number: int, operation: Operation) -> str:
        """The operation of this number (from 0) as a line of the trace begins: `b=a+4`."""

    @abstractmethod
    def question(self, start: int, operations: Sequence[Operation]) -> str:
        """The question as it is asked."""

    def sample(self, rng: Random, steps: int) -> Problem:
        """Draw a problem whose trace has exactly `steps` lines."""
        start, operations = rng.randrange(MODULUS), sample_operations(rng, steps)
        lines, answer = equations(start, operations)
        rules = [self.rule(number, operation) for number, operation in enumerate(operations)]
        return Problem(
            family=self.name,
            steps=steps,
            question=self.question(start, operations),
            trace="\n".join(f"{rule} {line}" for rule, line in zip(rules, lines, strict=True)),
            answer=str(answer),
            reference=str(answer),
            key=f"{start};{';'.join(map(str, operations))}",
        )

    def drill(self, rng: Random) -> Drill:
        """Draw single steps to practise over a question of two to nine steps."""
        count = rng.randint(2, 9)
        start, operations = rng.randrange(MODULUS), sample_operations(rng, count)

        def line(number: int, value: int) -> tuple[str, int]:
            operation = operations[number]
            return f"{self.rule(number, operation)} {operation.equation(value)}", operation.apply(value)

        question = self.question(start, operations)
        return make_drill(rng, question, count, start, lambda: rng.randrange(MODULUS), line, str)
