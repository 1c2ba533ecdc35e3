"""Arithmetic modulo 7, which all families of the lab use, and the equations in their traces.

The modulus is a prime, so that a product is 0 no more often than a sum and answers are spread evenly.
"""

from dataclasses import dataclass
from random import Random

MODULUS = 7
VERBS = {"+": "adds", "-": "takes", "*": "times"}
OPERATORS = "".join(VERBS)
WORDS = rf"(?:{'|'.join(VERBS.values())}) [1-6]"
EQUATION = r"[0-6][-+*][1-6]=[0-6]"


@dataclass(frozen=True)
class Operation:
    """Add, subtract or multiply by a digit, modulo 7."""

    operator: str
    amount: int

    def __str__(self) -> str:
        return f"{self.operator}{self.amount}"

    @property
    def words(self) -> str:
        """The operation in words: `adds 4`."""
        return f"{VERBS[self.operator]} {self.amount}"

    def apply(self, value: int) -> int:
        """Return the result, from 0 to 6."""
        results = {"+": value + self.amount, "-": value - self.amount, "*": value * self.amount}
        return results[self.operator] % MODULUS

    def equation(self, value: int) -> str:
        """Write the operation on a value with its result: `3+4=0`."""
        return f"{value}{self}={self.apply(value)}"


def parse_words(words: str) -> Operation:
    """Read an operation from its words.

    Raises:
        KeyError: the verb is not one of the lab's.
    """
    verb, amount = words.split()
    return Operation({verb: operator for operator, verb in VERBS.items()}[verb], int(amount))


def sample_operation(rng: Random) -> Operation:
    """Draw an operation that changes the value: a sum or difference with 1 to 6, or a product with 2 to 6."""
    operator = rng.choice(OPERATORS)
    return Operation(operator, rng.randint(2 if operator == "*" else 1, MODULUS - 1))


def sample_operations(rng: Random, count: int) -> list[Operation]:
    """Draw `count` operations."""
    return [sample_operation(rng) for _ in range(count)]


def equations(start: int, operations: list[Operation]) -> tuple[list[str], int]:
    """Return the equation of each operation, applied one after another, and the last value."""
    lines = []
    for operation in operations:
        lines.append(operation.equation(start))
        start = operation.apply(start)
    return lines, start
