"""`prints` (code): what does this Python program print?

The values in a trace come from running the program. Programs are generated here, never taken from a model or a file.
"""

import re
import string
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from traceinv.lab.families.base import JudgedLine, Problem, concludes_with_value, judge
from traceinv.lab.families.drills import Drill, make_drill
from traceinv.lab.families.modular import EQUATION, MODULUS, Operation, sample_operation

_HEADER = "What does this Python program print?\n"
_NAMES = string.ascii_lowercase[:10]
_START = re.compile(r"a=(?P<start>[0-6])")
_CHOICE = r"\([a-j](?P<yes>[-+*][1-6])(?: if [a-j]>(?P<bound>[1-5]) else [a-j](?P<no>[-+*][1-6]))?\)"
_ASSIGNMENT = re.compile(rf"[b-j]={_CHOICE}%7")
_LINE = re.compile(rf"(?P<label>[b-j])={_CHOICE}%7 (?:[0-6]>[1-5] (?:yes|no) )?{EQUATION}")


@dataclass(frozen=True)
class Assignment:
    """An assignment such as `b=(a+4)%7`, or with a condition `b=(a+4 if a>3 else a*2)%7`.

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
        choice = f" if {before}>{self.bound} else {before}{self.no}" if self.no else ""
        return f"{name}=({before}{self.yes}{choice})%{MODULUS}"

    def describe(self, number: int, before: int, after: int) -> str:
        """Write the trace's line, given the values before and after the assignment.

        Raises:
            AssertionError: the interpreter's value is not that of the lab's arithmetic.
        """
        taken = self.no if self.no and self.bound is not None and before <= self.bound else self.yes
        equation, source = taken.equation(before), self.source(number)
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

    def __len__(self) -> int:
        return len(self.assignments)

    def line(self, number: int, value: int) -> tuple[str, int]:
        _, after = _execute(value, self.assignments[number : number + 1])
        return self.assignments[number].describe(number + 1, value, after), after

    def answer(self, value: int) -> str:
        return str(value)

    def draw_value(self, rng: Random) -> int:
        return rng.randrange(MODULUS)


class Prints:
    """Python programs of assignments, some with a condition; the trace has a line for each assignment."""

    name = "prints"

    def sample(self, rng: Random, steps: int) -> Problem:
        start, assignments = rng.randrange(MODULUS), _sample_assignments(rng, steps)
        values = _execute(start, assignments)
        return Problem(
            family=self.name,
            steps=steps,
            question=_listing(start, assignments),
            trace="\n".join(_trace(values, assignments)),
            answer=str(values[-1]),
            reference=str(values[-1]),
            key=_listing(start, assignments).removeprefix(_HEADER),
        )

    def drill(self, rng: Random) -> Drill:
        start, assignments = rng.randrange(MODULUS), _sample_assignments(rng, rng.randint(2, 9))
        return make_drill(rng, _listing(start, assignments), PrintsSteps(start, assignments))

    def read(self, question: str, trace: str) -> list[JudgedLine]:
        start, assignments = _parse(question)
        lines = _trace(_execute(start, assignments), assignments)
        return judge(trace, _LINE, {line[0]: line for line in lines})

    def concludes(self, trace: str, answer: str) -> bool:
        return concludes_with_value(trace, answer)


def _sample_assignments(rng: Random, count: int) -> list[Assignment]:
    return [
        Assignment(sample_operation(rng), rng.randint(1, 5), sample_operation(rng))
        if rng.random() < 0.3
        else Assignment(sample_operation(rng))
        for _ in range(count)
    ]


def _source(start: int, assignments: Sequence[Assignment]) -> str:
    lines = [assignment.source(number) for number, assignment in enumerate(assignments, 1)]
    return "\n".join([f"{_NAMES[0]}={start}", *lines, f"print({_NAMES[len(assignments)]})"])


def _listing(start: int, assignments: Sequence[Assignment]) -> str:
    return _HEADER + _source(start, assignments)


def _trace(values: list[int], assignments: Sequence[Assignment]) -> list[str]:
    steps = zip(assignments, values, values[1:], strict=False)
    return [assignment.describe(number, before, after) for number, (assignment, before, after) in enumerate(steps, 1)]


def _execute(start: int, assignments: Sequence[Assignment]) -> list[int]:
    """Run the program and return the start value and the value of each assignment."""
    environment: dict[str, Any] = {"__builtins__": {"print": lambda value: None}}
    exec(_source(start, assignments), environment)  # noqa: S102  the program is generated above
    return [environment[name] for name in _NAMES[: len(assignments) + 1]]


def _parse(question: str) -> tuple[int, list[Assignment]]:
    """Read a question's program back.

    Raises:
        ValueError: it is not a program of this family.
    """
    first, *others = question.removeprefix(_HEADER).splitlines() or [""]
    start, matches = _START.fullmatch(first), [_ASSIGNMENT.fullmatch(line) for line in others[:-1]]
    if start is None or not 0 < len(matches) < len(_NAMES) or None in matches:
        raise ValueError(f"not a question of the family prints: {question!r}")
    assignments = [
        Assignment(
            _operation(m["yes"]), int(m["bound"]) if m["bound"] else None, _operation(m["no"]) if m["no"] else None
        )
        for m in matches
        if m
    ]
    if _listing(int(start["start"]), assignments) != question:
        raise ValueError(f"not a question of the family prints: {question!r}")
    return int(start["start"]), assignments


def _operation(text: str) -> Operation:
    return Operation(text[0], int(text[1:]))
