"""Arithmetic modulo 7, which every family of the lab counts in, and the equations that its traces are made of.

The modulus is a prime, so that a product is 0 no oftener than a sum, and answers spread evenly.
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
        """The operation as a worded question states it: `adds 4`."""
        return f"{VERBS[self.operator]} {self.amount}"

    def apply(self, value: int) -> int:
        """The result, from 0 to 6."""
        results = {"+": value + self.amount, "-": value - self.amount, "*": value * self.amount}
        return results[self.operator] % MODULUS

    def equation(self, value: int) -> str:
        """One operation as a trace states it: `3+4=0`."""
        return f"{value}{self}={self.apply(value)}"


def parse_words(words: str) -> Operation:
    """The operation that `words` state.

    Raises:
        KeyError: the verb is none of the lab's.
    """
    verb, amount = words.split()
    return Operation({verb: operator for operator, verb in VERBS.items()}[verb], int(amount))


def sample_operation(rng: Random) -> Operation:
    """Any operation that changes something: a sum or difference with 1 to 6, a product with 2 to 6."""
    operator = rng.choice(OPERATORS)
    return Operation(operator, rng.randint(2 if operator == "*" else 1, MODULUS - 1))


def sample_operations(rng: Random, count: int) -> list[Operation]:
    """`count` operations in a row."""
    return [sample_operation(rng) for _ in range(count)]


def equations(start: int, operations: list[Operation]) -> tuple[list[str], int]:
    """The equation of each operation in a row, and the value at the end."""
    lines = []
    for operation in operations:
        lines.append(operation.equation(start))
        start = operation.apply(start)
    return lines, start
