"""`compose` (code): write the function that a list of instructions describes, as one line of Python.

An answer is graded by running it on inputs (`unit_tests`), so every program that computes the function is right. It has no
private steps: no formula gives the private operation.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from traceinv.lab.families.base import JudgedLine, Problem, judge, match_end
from traceinv.lab.families.drills import Drill, make_drill, solve
from traceinv.lab.families.facts import SECRET, World, secret_world
from traceinv.lab.families.modular import EQUATION, MODULUS, WORDS, Operation, Table, parse_words, sample_operations

LABELS = "ABCDEFGHI"
TEST_INPUTS = tuple(range(-3, 15))
_HEADER = "Write f(x) modulo 7 as (p*x + q) % 7. Begin with x.\n"
_INSTRUCTION = re.compile(rf"(?P<label>[A-I]) (?P<words>{WORDS})")
_LINE = re.compile(rf"(?P<label>[A-I]) {WORDS} p (?:[0-6]|[0-6]\*[1-6]=[0-6]) q {EQUATION}")
_COEFFICIENTS = re.compile(r" p (?:[0-6]\*[1-6]=)?(?P<p>[0-6]) q [0-6][-+*][1-6]=(?P<q>[0-6])$")

Coefficients = tuple[int, int]
"""`(p, q)` of `p*x+q`."""


@dataclass(frozen=True)
class ComposeSteps:
    """Operations on the function `p*x+q`; a step's line gives the new `p` and `q`."""

    operations: Sequence[Operation]
    start: Coefficients = (1, 0)

    def __len__(self) -> int:
        return len(self.operations)

    def line(self, number: int, value: Coefficients) -> tuple[str, Coefficients]:
        return _line(number, self.operations[number], value), _apply(value, self.operations[number])

    def answer(self, value: Coefficients) -> str:
        return program(*value)

    def draw_value(self, rng: Random) -> Coefficients:
        return rng.randint(1, MODULUS - 1), rng.randrange(MODULUS)


class Compose:
    """Instructions such as `A adds 3` and `B times 2`; the trace computes `p` and `q` of `p*x+q`.

    The first instruction is applied to `p` 1 and `q` 0: `A adds 3 p 1 q 0+3=3`, then `B times 2 p 1*2=2 q 3*2=6`.
    """

    name = "compose"
    domain: Literal["math", "code"] = "code"
    has_private = False

    def sample(self, rng: Random, steps: int, private: int = 0, world: World = secret_world) -> Problem:
        if private:
            raise ValueError(f"the family {self.name} has no private steps")
        operations = sample_operations(rng, steps)
        lines, (p, q) = solve(ComposeSteps(operations))
        return Problem(
            family=self.name,
            steps=steps,
            private=0,
            question=_HEADER + "\n".join(_listing(operations)),
            trace="\n".join(lines),
            answer=program(p, q),
            reference=f"{p} {q}",
            key=";".join(map(str, operations)),
        )

    def drill(self, rng: Random, private_share: float = 0.0) -> Drill:
        operations = sample_operations(rng, rng.randint(2, 9))
        return make_drill(rng, _HEADER + "\n".join(_listing(operations)), ComposeSteps(operations))

    def parse(self, question: str, table: Table = SECRET) -> ComposeSteps:
        return ComposeSteps(_parse(question))

    def read(self, question: str, trace: str, table: Table = SECRET) -> list[JudgedLine]:
        return judge(trace, _LINE, solve(self.parse(question))[0])

    def concludes(self, trace: str, answer: str) -> bool:
        """Return whether the coefficients of the last line are those of the answer.

        No program is run: only the form of the family's own answers counts, `def f(x):` and `return (p*x + q) % 7` on the
        next line.
        """
        match = match_end(trace, _COEFFICIENTS)
        return match is not None and answer.strip() == program(int(match["p"]), int(match["q"]))


def unit_tests(reference: str) -> list[tuple[int, int]]:
    """Return (input, expected output) pairs for a reference `p q`.

    The inputs reach beyond 0 to 6, so that a program without `% 7` fails.

    Raises:
        ValueError: the reference is not two integers.
    """
    p, q = (int(text) for text in reference.split())
    return [(x, (p * x + q) % MODULUS) for x in TEST_INPUTS]


def program(p: int, q: int) -> str:
    """Write the program that computes `p*x + q` modulo 7."""
    return f"def f(x):\n    return ({p}*x + {q}) % {MODULUS}"


def _apply(before: Coefficients, operation: Operation) -> Coefficients:
    p, q = before
    return operation.apply(p, {}) if operation.operator == "*" else p, operation.apply(q, {})


def _listing(operations: list[Operation]) -> list[str]:
    return [f"{label} {o.words}" for label, o in zip(LABELS, operations, strict=False)]


def _line(number: int, operation: Operation, before: Coefficients) -> str:
    p, q = before
    product = operation.equation(p, {}) if operation.operator == "*" else str(p)
    return f"{LABELS[number]} {operation.words} p {product} q {operation.equation(q, {})}"


def _parse(question: str) -> list[Operation]:
    """Read a question's instructions back.

    Raises:
        ValueError: it is not a question of this family.
    """
    operations = []
    for line in question.removeprefix(_HEADER).splitlines() if question.startswith(_HEADER) else [question]:
        match = _INSTRUCTION.fullmatch(line)
        if match is None:
            raise ValueError(f"not an instruction of the family compose: {line!r}")
        operations.append(parse_words(match["words"]))
    return operations
