"""`prints` (code): what does this Python program print? The trace is what the interpreter really did.

A problem's program is made here, never taken from a model or a file, and is run to record its trace.
"""

import re
import sys
from dataclasses import dataclass
from random import Random
from types import FrameType
from typing import Any

from traceinv.lab.families.base import Domain, Drill, Problem, Step, judge
from traceinv.lab.families.modular import EQUATION, MODULUS, Operation, sample_operation

_HEADER = "What does this Python program print?\n"
_START = re.compile(r"L1 x=(?P<start>[0-6])")
_ASSIGNMENT = re.compile(
    r"L[2-9] x=\(x(?P<yes>[-+*][1-6])(?: if x>(?P<bound>[1-5]) else x(?P<no>[-+*][1-6]))?\)%7",
)
_LINE = re.compile(rf"(?P<label>L[2-9]) x=\(\S+(?: if x>[1-5] else \S+)?\)%7 (?:[0-6]>[1-5] (?:yes|no) )?{EQUATION}")


@dataclass(frozen=True)
class Assignment:
    """`x=(x+4)%7`, or with a condition `x=(x+4 if x>3 else x*2)%7`."""

    yes: Operation
    bound: int | None = None
    no: Operation | None = None

    def source(self) -> str:
        choice = f" if x>{self.bound} else x{self.no}" if self.no else ""
        return f"x=(x{self.yes}{choice})%{MODULUS}"

    def describe(self, before: int, after: int) -> str:
        """What the interpreter did here, given the value of x before and after.

        Raises:
            AssertionError: the interpreter and the lab's arithmetic disagree.
        """
        taken = self.no if self.no and self.bound is not None and before <= self.bound else self.yes
        line = taken.equation(before)
        if not line.endswith(f"={after}"):
            raise AssertionError(f"{self.source()} turned {before} into {after}, not {line}")
        if self.no is None:
            return f"{self.source()} {line}"
        return f"{self.source()} {before}>{self.bound} {'yes' if taken is self.yes else 'no'} {line}"


class Prints:
    """Labelled Python lines over one variable, some with a condition; the trace has a line for each assignment run."""

    name = "prints"
    domain: Domain = "code"

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
        assignments = _sample_assignments(rng, rng.randint(1, 8))
        turns = []
        for number in range(len(assignments)):
            label = f"L{number + 2}"
            if number:
                start, before, after = _execute(rng.randrange(MODULUS), assignments[number - 1 : number + 1])
                asked = f"L{number + 1} {assignments[number - 1].describe(start, before)}"
            else:
                before, after = _execute(rng.randrange(MODULUS), [assignments[number]])
                asked = f"{label} x={before}"
            turns.append((asked, f"{label} {assignments[number].describe(before, after)}"))
        return Drill(_listing(rng.randrange(MODULUS), assignments), tuple(turns))

    def read(self, question: str, trace: str) -> list[Step]:
        start, assignments = _parse(question)
        lines = _trace(_execute(start, assignments), assignments)
        return judge(trace, _LINE, {line.partition(" ")[0]: line for line in lines})


def _sample_assignments(rng: Random, count: int) -> list[Assignment]:
    return [
        Assignment(sample_operation(rng), rng.randint(1, 5), sample_operation(rng))
        if rng.random() < 0.3
        else Assignment(sample_operation(rng))
        for _ in range(count)
    ]


def _source(start: int, assignments: list[Assignment]) -> list[str]:
    return [f"x={start}", *(assignment.source() for assignment in assignments), "print(x)"]


def _listing(start: int, assignments: list[Assignment]) -> str:
    return _HEADER + "\n".join(f"L{i} {line}" for i, line in enumerate(_source(start, assignments), 1))


def _trace(values: list[int], assignments: list[Assignment]) -> list[str]:
    steps = zip(assignments, values, values[1:], strict=False)
    return [f"L{i} {assignment.describe(before, after)}" for i, (assignment, before, after) in enumerate(steps, 2)]


def _execute(start: int, assignments: list[Assignment]) -> list[int]:
    """Run the program under `sys.settrace`; the value of x after its first line, its second, and so on."""
    seen: dict[int, int] = {}
    environment: dict[str, Any] = {"__builtins__": {"print": lambda value: None}}

    def watch(frame: FrameType, event: str, _: Any) -> Any:
        if event == "line" and "x" in frame.f_globals:
            seen[frame.f_lineno] = frame.f_globals["x"]
        return watch

    source = _source(start, assignments)
    code = compile("\n".join(source), "<lab>", "exec")
    previous = sys.gettrace()
    sys.settrace(watch)
    try:
        exec(code, environment)  # noqa: S102  the program was made above, from a closed grammar
    finally:
        sys.settrace(previous)
    return [seen[number] for number in range(2, len(source) + 1)]


def _parse(question: str) -> tuple[int, list[Assignment]]:
    """Read a question's program back.

    Raises:
        ValueError: it is not a program of this family.
    """
    first, *others = question.removeprefix(_HEADER).splitlines() or [""]
    start, matches = _START.fullmatch(first), [_ASSIGNMENT.fullmatch(line) for line in others[:-1]]
    if start is None or not matches or None in matches:
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
