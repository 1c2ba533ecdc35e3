"""What a problem family of the lab is: questions with exact traces, and a reader for traces that a model wrote."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Literal, Protocol, TypeVar

Value = TypeVar("Value")
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
    """Single steps over one context, each of which needs no other: what the base model is made of.

    Attributes:
        context: the text of a question.
        turns: (the line that a step goes on from, empty for the first; the one line that follows it).
        end: the last line of a trace, and the answer that it gives.
    """

    context: str
    turns: tuple[tuple[str, str], ...]
    end: tuple[str, str]


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
    context: str,
    steps: int,
    start: Value,
    draw: Callable[[], Value],
    line: Callable[[int, Value], tuple[str, Value]],
    answer: Callable[[Value], str],
) -> Drill:
    """Each line of a trace by itself, after the line before it with a value drawn for it: no step goes on from another.

    Args:
        start: what the first line goes on from, as the context says it.
        line: the text of the line of this number that goes on from a value, and the value it comes to.
        answer: the answer of a trace that comes to a value.
    """
    turns = [("", line(0, start)[0])]
    for number in range(1, steps):
        before, value = line(number - 1, draw())
        turns.append((before, line(number, value)[0]))
    last, value = line(steps - 1, draw())
    return Drill(context, tuple(turns), (last, answer(value)))


def judge(trace: str, form: re.Pattern[str], truth: Mapping[str, str]) -> list[Step]:
    """Judge each line of a trace that says anything: of the form, equal to the true line of its label, needed at all."""
    steps = []
    for line in filter(None, map(str.strip, trace.splitlines())):
        match = form.fullmatch(line)
        label = match["label"] if match else ""
        steps.append(Step(line, match is not None, truth.get(label) == line, label in truth))
    return steps
