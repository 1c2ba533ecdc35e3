"""The operations that all families of the lab use, and the equations in their traces.

Public operations are arithmetic modulo 7. The modulus is a prime, so that a product is 0 no more often than a sum and answers
are spread evenly. The outcomes of the private operation stand in a table (`traceinv.lab.families.facts`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

MODULUS = 7
VERBS = {"+": "adds", "-": "takes", "*": "times"}
OPERATORS = "".join(VERBS)
PRIVATE = "#"
"""The sign of the private operation. It stands in every line that states one of its outcomes, and in no other line."""
PRIVATE_VERB = "folds"
PRIVATE_AMOUNTS = range(1, 5)
PRIVATE_AMOUNT = f"[{PRIVATE_AMOUNTS[0]}-{PRIVATE_AMOUNTS[-1]}]"
"""An amount of the private operation, as a regular expression."""
SIGNED = rf"(?:[-+*][1-6]|{PRIVATE}{PRIVATE_AMOUNT})"
"""An operation with its sign, as a regular expression."""
WORDS = rf"(?:{'|'.join(VERBS.values())}) [1-6]"
EQUATION = r"[0-6][-+*][1-6]=[0-6]"
ANY_EQUATION = rf"[0-6]{SIGNED}=[0-6]"
"""An equation of a public operation or of the private one."""
Table = Mapping[tuple[int, int], int]
"""The outcome, from 0 to 6, of the private operation by (amount, value)."""


@dataclass(frozen=True)
class Operation:
    """Add, subtract or multiply by a digit, modulo 7; or look up the outcome of the private operation."""

    operator: str
    amount: int

    def __str__(self) -> str:
        return f"{self.operator}{self.amount}"

    @property
    def private(self) -> bool:
        """Whether its outcomes stand in a table."""
        return self.operator == PRIVATE

    @property
    def words(self) -> str:
        """The operation in words: `adds 4`."""
        return f"{PRIVATE_VERB if self.private else VERBS[self.operator]} {self.amount}"

    def apply(self, value: int, table: Table) -> int:
        """Return the result, from 0 to 6.

        Raises:
            KeyError: the table lacks the outcome.
        """
        if self.private:
            return table[self.amount, value]
        results = {"+": value + self.amount, "-": value - self.amount, "*": value * self.amount}
        return results[self.operator] % MODULUS

    def equation(self, value: int, table: Table) -> str:
        """Write the operation on a value with its result: `3+4=0`."""
        return f"{value}{self}={self.apply(value, table)}"


def parse_words(words: str) -> Operation:
    """Read an operation from its words.

    Raises:
        KeyError: the verb is not one of the lab's.
    """
    verb, amount = words.split()
    verbs = {verb: operator for operator, verb in VERBS.items()} | {PRIVATE_VERB: PRIVATE}
    return Operation(verbs[verb], int(amount))


def parse_signed(text: str) -> Operation:
    """Read an operation such as `+4`."""
    return Operation(text[0], int(text[1:]))


def sample_operation(rng: Random) -> Operation:
    """Draw a public operation that changes the value: a sum or difference with 1 to 6, or a product with 2 to 6."""
    operator = rng.choice(OPERATORS)
    return Operation(operator, rng.randint(2 if operator == "*" else 1, MODULUS - 1))


def sample_private(rng: Random) -> Operation:
    """Draw a private operation."""
    return Operation(PRIVATE, rng.choice(PRIVATE_AMOUNTS))


def sample_operations(rng: Random, count: int, private: int = 0) -> list[Operation]:
    """Draw `count` operations, of which `private` are private ones, at places that are drawn too."""
    places = private_places(rng, count, private)
    return [sample_private(rng) if place in places else sample_operation(rng) for place in range(count)]


def private_places(rng: Random, count: int, private: int) -> set[int]:
    """Draw which of `count` steps are private; without private steps nothing is drawn."""
    return set(rng.sample(range(count), private)) if private else set()
