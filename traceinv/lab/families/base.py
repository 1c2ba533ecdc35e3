"""What a problem family of the lab is: questions with exact traces, and a reader for traces that a model wrote."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Literal, Protocol, TypeVar

from traceinv.reasoning import CLOSE

Value = TypeVar("Value")
DRILL_TURNS = 4
Domain = Literal["math", "code"]


@dataclass(frozen=True)
class Problem:
    """One question with everything known about it.

    Attributes:
        reference: what a grader needs: the right answer, or for `compose` the coefficients that its tests are made of.
        key: the question up to renaming; two problems with one key count as the same question.
    """

    family: str
    steps: int
    question: str
    trace: str
    answer: str
    reference: str
    key: str


@dataclass(frozen=True)
class Drill:
    """Single steps over one question, each of which needs no other: what the base model is made of.

    Attributes:
        question: the text of a question.
        turns: (lines that are given, of which the last is the one that the step goes on from; what follows them: one line, or
            the end of the trace and the answer). No lines are given where the first is asked for.
    """

    question: str
    turns: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Step:
    """One line of a trace, judged against the question.

    Attributes:
        text: the line as written.
        well_formed: it has the family's form.
        true: every part of it holds for this question (false where it is not well-formed).
        needed: the answer depends on it (false where it is not well-formed).
    """

    text: str
    well_formed: bool
    true: bool
    needed: bool


class Family(Protocol):
    """A family of problems with a dial for the number of reasoning steps."""

    name: str
    domain: Domain

    def sample(self, rng: Random, steps: int) -> Problem:
        """Draw a problem whose trace has exactly `steps` lines."""
        ...

    def drill(self, rng: Random) -> Drill:
        """Draw single steps to practise over a question of two to nine steps (`make_drill`)."""
        ...

    def read(self, question: str, trace: str) -> list[Step]:
        """Split a trace into its lines and judge each against the question; never raises on a trace, however odd.

        Raises:
            ValueError: the question is not one of this family.
        """
        ...


def make_drill(
    rng: Random,
    question: str,
    steps: int,
    start: Value,
    draw: Callable[[], Value],
    line: Callable[[int, Value], tuple[str, Value]],
    answer: Callable[[Value], str],
) -> Drill:
    """Some steps of a question, in any order, each after lines whose values are all drawn for it: none goes on from another.

    Args:
        start: what the first line goes on from, as the question says it.
        line: the text of the line of this number (from 0) that goes on from a value, and the value it comes to.
        answer: the answer of a trace that comes to a value.
    """
    turns = []
    for number in rng.sample(range(steps + 1), min(DRILL_TURNS, steps + 1)):
        value, given = start, []
        for before in range(number - rng.randint(1, number) if number else 0, number):
            text, value = line(before, draw())
            given.append(text)
        follows = line(number, value)[0] if number < steps else f"{CLOSE}\n\n{answer(value)}"
        turns.append(("\n".join(given), follows))
    return Drill(question, tuple(turns))


def judge(trace: str, form: re.Pattern[str], truth: Mapping[str, str]) -> list[Step]:
    """Judge each line of a trace that says anything: of the form, equal to the true line of its label, needed at all."""
    steps = []
    for line in filter(None, map(str.strip, trace.splitlines())):
        match = form.fullmatch(line)
        label = match["label"] if match else ""
        steps.append(Step(line, match is not None, truth.get(label) == line, label in truth))
    return steps
