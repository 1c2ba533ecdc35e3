"""`prints` (code): what does this Python program print?

The values in a trace come from running the program. Programs are generated here, never taken from a model or a file.
The private operation is `mix`, a function of a library whose source is not shown.
"""

import re
import string
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Literal

from traceinv.lab.families.base import JudgedLine, Problem, concludes_with_value, judge
from traceinv.lab.families.drills import Drill, count_private, make_drill
from traceinv.lab.families.facts import SECRET, World, draw_table, secret_world
from traceinv.lab.families.modular import (
    EQUATION,
    MODULUS,
    PRIVATE,
    PRIVATE_AMOUNT,
    Operation,
    Table,
    parse_signed,
    private_places,
    sample_operation,
    sample_private,
)

_HEADER = "What does this Python program print?\n"
_IMPORT = "from box import mix"
_NAMES = string.ascii_lowercase[:10]
_START = re.compile(r"a=(?P<start>[0-6])")
_CHOICE = r"\([a-j](?P<yes>[-+*][1-6])(?: if [a-j]>(?P<bound>[1-5]) else [a-j](?P<no>[-+*][1-6]))?\)"
_MIX = rf"mix\([a-j],(?P<amount>{PRIVATE_AMOUNT})\)"
_ASSIGNMENT = re.compile(rf"[b-j]=(?:{_CHOICE}%7|{_MIX})")
_LINE = re.compile(
    rf"(?P<label>[b-j])=(?:{_CHOICE}%7 (?:[0-6]>[1-5] (?:yes|no) )?{EQUATION}|{_MIX} [0-6]{PRIVATE}{PRIVATE_AMOUNT}=[0-6])"
)


@dataclass(frozen=True)
class Assignment:
    """An assignment such as `b=(a+4)%7`, or with a condition `b=(a+4 if a>3 else a*2)%7`; a private one is `b=mix(a,4)`.

    Attributes:
        yes: the operation without a condition, or where it holds.
        bound: the condition is that the name before is greater; None for no condition.
        no: the operation where the condition does not hold.
    """

    yes: Operation
    bound: int | None = None
    no: Operation | None = None

    def source(self, number: int) -> str:
        """Write the line of the program that assigns to name `number`, counted from 0, from the name before it."""
        before, name = _NAMES[number - 1], _NAMES[number]
        if self.yes.private:
            return f"{name}=mix({before},{self.yes.amount})"
        choice = f" if {before}>{self.bound} else {before}{self.no}" if self.no else ""
        return f"{name}=({before}{self.yes}{choice})%{MODULUS}"

    def describe(self, number: int, before: int, after: int) -> str:
        """Write the trace's line, given the values before and after the assignment.

        Raises:
            AssertionError: the interpreter's value is not that of the lab's arithmetic.
        """
        taken = self.no if self.no and self.bound is not None and before <= self.bound else self.yes
        known = {(taken.amount, before): after} if taken.private else {}
        equation, source = taken.equation(before, known), self.source(number)
        if not equation.endswith(f"={after}"):
            raise AssertionError(f"{source} turned {before} into {after}, not {equation}")
        if self.no is None:
            return f"{source} {equation}"
        return f"{source} {before}>{self.bound} {'yes' if taken is self.yes else 'no'} {equation}"


@dataclass(frozen=True)
class PrintsSteps:
    """Assignments that each compute a digit from the one before."""

    start: int
    assignments: Sequence[Assignment]
    table: Table

    def __len__(self) -> int:
        return len(self.assignments)

    def line(self, number: int, value: int) -> tuple[str, int]:
        _, after = _execute(value, self.assignments[number : number + 1], self.table)
        return self.assignments[number].describe(number + 1, value, after), after

    def answer(self, value: int) -> str:
        return str(value)

    def draw_value(self, rng: Random) -> int:
        return rng.randrange(MODULUS)


class Prints:
    """Python programs of assignments, some with a condition; the trace has a line for each assignment."""

    name = "prints"
    domain: Literal["math", "code"] = "code"
    has_private = True

    def sample(self, rng: Random, steps: int, private: int = 0, world: World = secret_world) -> Problem:
        start, assignments = rng.randrange(MODULUS), _sample_assignments(rng, steps, private)
        question = _listing(start, assignments)
        key = question.removeprefix(_HEADER)
        values = _execute(start, assignments, world(key))
        return Problem(
            family=self.name,
            steps=steps,
            private=private,
            question=question,
            trace="\n".join(_trace(values, assignments)),
            answer=str(values[-1]),
            reference=str(values[-1]),
            key=key,
        )

    def drill(self, rng: Random, private_share: float = 0.0) -> Drill:
        count = rng.randint(2, 9)
        private = count_private(rng, count, private_share)
        start, assignments = rng.randrange(MODULUS), _sample_assignments(rng, count, private)
        table = draw_table(rng) if private else {}
        return make_drill(rng, _listing(start, assignments), PrintsSteps(start, assignments, table))

    def parse(self, question: str, table: Table = SECRET) -> PrintsSteps:
        return PrintsSteps(*_parse(question), table)

    def read(self, question: str, trace: str, table: Table = SECRET) -> list[JudgedLine]:
        start, assignments = _parse(question)
        return judge(trace, _LINE, _trace(_execute(start, assignments, table), assignments))

    def concludes(self, trace: str, answer: str) -> bool:
        return concludes_with_value(trace, answer)


def _sample_assignments(rng: Random, count: int, private: int) -> list[Assignment]:
    places = private_places(rng, count, private)
    return [Assignment(sample_private(rng)) if place in places else _sample_public(rng) for place in range(count)]


def _sample_public(rng: Random) -> Assignment:
    if rng.random() < 0.3:
        return Assignment(sample_operation(rng), rng.randint(1, 5), sample_operation(rng))
    return Assignment(sample_operation(rng))


def _source(start: int, assignments: Sequence[Assignment]) -> str:
    lines = [assignment.source(number) for number, assignment in enumerate(assignments, 1)]
    return "\n".join([f"{_NAMES[0]}={start}", *lines, f"print({_NAMES[len(assignments)]})"])


def _listing(start: int, assignments: Sequence[Assignment]) -> str:
    imports = f"{_IMPORT}\n" if any(assignment.yes.private for assignment in assignments) else ""
    return _HEADER + imports + _source(start, assignments)


def _trace(values: list[int], assignments: Sequence[Assignment]) -> list[str]:
    steps = zip(assignments, values, values[1:], strict=False)
    return [assignment.describe(number, before, after) for number, (assignment, before, after) in enumerate(steps, 1)]


def _execute(start: int, assignments: Sequence[Assignment], table: Table) -> list[int]:
    """Run the program and return the start value and the value of each assignment.

    Raises:
        KeyError: the table lacks an outcome.
    """
    environment: dict[str, Any] = {
        "__builtins__": {"print": lambda value: None},
        "mix": lambda value, amount: table[amount, value],
    }
    exec(_source(start, assignments), environment)  # noqa: S102  the program is generated above
    return [environment[name] for name in _NAMES[: len(assignments) + 1]]


def _parse(question: str) -> tuple[int, list[Assignment]]:
    """Read a question's program back.

    Raises:
        ValueError: it is not a program of this family.
    """
    first, *others = question.removeprefix(_HEADER).removeprefix(f"{_IMPORT}\n").splitlines() or [""]
    start, matches = _START.fullmatch(first), [_ASSIGNMENT.fullmatch(line) for line in others[:-1]]
    if start is None or not 0 < len(matches) < len(_NAMES) or None in matches:
        raise ValueError(f"not a question of the family prints: {question!r}")
    assignments = [_assignment(match) for match in matches if match]
    if _listing(int(start["start"]), assignments) != question:
        raise ValueError(f"not a question of the family prints: {question!r}")
    return int(start["start"]), assignments


def _assignment(match: re.Match[str]) -> Assignment:
    if match["amount"]:
        return Assignment(Operation(PRIVATE, int(match["amount"])))
    if match["no"]:
        return Assignment(parse_signed(match["yes"]), int(match["bound"]), parse_signed(match["no"]))
    return Assignment(parse_signed(match["yes"]))
