"""Drills: single reasoning steps, which the base model is trained on."""

from dataclasses import dataclass
from random import Random
from typing import Protocol, TypeVar

from traceinv.reasoning import CLOSE

Value = TypeVar("Value")
MAX_TURNS = 4
NOTES = "\n\nNotes:\n"
"""What stands between a question and the lines of its trace that are noted."""


@dataclass(frozen=True)
class Drill:
    """Independent single-step exercises on one question.

    Attributes:
        turns: (context, target) pairs. The context is lines of a trace, or empty for the first step; the target is the next
            line, or the end of the trace and the answer.
    """

    question: str
    turns: tuple[tuple[str, str], ...]


class Steps(Protocol[Value]):
    """The steps of one question. Each turns a value into the next and is written as one line of the trace.

    Attributes:
        start: the value before the first step.
    """

    @property
    def start(self) -> Value: ...

    def __len__(self) -> int:
        """Return the number of steps."""
        ...

    def line(self, number: int, value: Value) -> tuple[str, Value]:
        """Return the line of a step, counted from 0, that is applied to a value, and the value that results."""
        ...

    def answer(self, value: Value) -> str:
        """Return the answer of a trace that ends with a value."""
        ...

    def draw_value(self, rng: Random) -> Value:
        """Draw a value that the context of an exercise may hold."""
        ...


def count_private(rng: Random, count: int, share: float) -> int:
    """Draw how many of `count` steps are private ones, each with the same probability."""
    return sum(rng.random() < share for _ in range(count)) if share else 0


def solve(steps: Steps[Value]) -> tuple[list[str], Value]:
    """Return the lines of the true trace, each from the value of the one before, and the last value.

    Raises:
        KeyError: the table of the steps lacks an outcome.
    """
    lines, value = [], steps.start
    for number in range(len(steps)):
        line, value = steps.line(number, value)
        lines.append(line)
    return lines, value


def make_drill(rng: Random, question: str, steps: Steps[Value]) -> Drill:
    """Sample up to four independent single-step exercises. Each shows a few preceding lines with freshly drawn values."""
    turns = []
    for number in rng.sample(range(len(steps) + 1), min(MAX_TURNS, len(steps) + 1)):
        value, context = steps.start, []
        for before in range(number - rng.randint(1, number) if number else 0, number):
            line, value = steps.line(before, steps.draw_value(rng))
            context.append(line)
        target = steps.line(number, value)[0] if number < len(steps) else f"{CLOSE}\n\n{steps.answer(value)}"
        turns.append(("\n".join(context), target))
    return Drill(question, tuple(turns))


def reading_drill(rng: Random, question: str, trace: str, answer: str) -> Drill:
    """Sample up to four single-step exercises on a trace of which some lines stand as notes below the question.

    Each line is noted with a probability that is drawn for the drill; the context of an exercise is lines of the trace itself.
    """
    lines, share = trace.splitlines(), rng.random()
    noted = [line for line in lines if rng.random() < share]
    asked = question + NOTES + "\n".join(noted) if noted else question
    turns = []
    for number in rng.sample(range(len(lines) + 1), min(MAX_TURNS, len(lines) + 1)):
        context = lines[rng.randrange(number) if number else 0 : number]
        turns.append(("\n".join(context), lines[number] if number < len(lines) else f"{CLOSE}\n\n{answer}"))
    return Drill(asked, tuple(turns))
