"""Arithmetic modulo 7, and the one-line derivations that the lab's traces are made of.

Every family counts modulo the prime 7, so the base model needs one table of single operations and answers spread evenly.
"""

import re
from dataclasses import dataclass
from random import Random

MODULUS = 7
OPERATORS = "+-*"

Operand = str  # a name ("b", "Ann") or one digit
EXPRESSION = r"(?P<left>\w+)(?P<operator>[-+*])(?P<right>\w+)"
_EXPRESSION = re.compile(EXPRESSION)


@dataclass(frozen=True)
class Expression:
    """`left operator right`, each operand a name or a digit."""

    left: Operand
    operator: str
    right: Operand

    def __str__(self) -> str:
        return f"{self.left}{self.operator}{self.right}"

    def names(self) -> list[str]:
        return [operand for operand in (self.left, self.right) if not operand.isdigit()]

    def substitute(self, values: dict[str, int]) -> "Expression":
        """The same expression with names replaced by their values.

        Raises:
            KeyError: a name has no value yet.
        """
        left, right = (o if o.isdigit() else str(values[o]) for o in (self.left, self.right))
        return Expression(left, self.operator, right)

    def value(self, values: dict[str, int]) -> int:
        """Its value modulo 7.

        Raises:
            KeyError: a name has no value yet.
        """
        numbers = self.substitute(values)
        return calculate(int(numbers.left), self.operator, int(numbers.right))


def calculate(left: int, operator: str, right: int) -> int:
    """`left operator right` modulo 7, for one of `+`, `-`, `*`."""
    result = {"+": left + right, "-": left - right, "*": left * right}[operator]
    return result % MODULUS


def parse_expression(text: str) -> Expression | None:
    """Read `a+3` back; None where the text is anything else."""
    match = _EXPRESSION.fullmatch(text)
    return Expression(match["left"], match["operator"], match["right"]) if match else None


def sample_expression(rng: Random, names: list[str]) -> Expression:
    """An expression over the names so far: mostly the latest one, with a digit or with another name.

    Products are by a digit from 2 to 6 alone: a product of two values would be 0 in 13 of 49 cases and skew the answers.
    """
    left = names[-1] if rng.random() < 0.8 else rng.choice(names)
    operator = rng.choice(OPERATORS)
    if operator == "*":
        return Expression(left, "*", str(rng.randint(2, MODULUS - 1)))
    others = [name for name in names if name != left]
    if others and rng.random() < 0.4:
        return Expression(left, operator, rng.choice(others))
    return Expression(left, operator, str(rng.randint(1, MODULUS - 1)))


def derivation(name: str, expression: Expression, values: dict[str, int]) -> str:
    """One line of reasoning, `c=b+4 3+4 c=0`: the rule, the values put in, the result modulo 7."""
    return f"{name}={expression} {expression.substitute(values)} {name}={expression.value(values)}"


def needed_names(asked: str, rules: dict[str, Expression]) -> set[str]:
    """The names on which the value of `asked` depends, itself included."""
    needed: set[str] = set()
    open_names = [asked]
    while open_names:
        name = open_names.pop()
        if name not in needed:
            needed.add(name)
            open_names += rules[name].names() if name in rules else []
    return needed
