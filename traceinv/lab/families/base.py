"""What a problem family of the lab is: questions with exact traces, and a reader for traces that a model wrote."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Literal, Protocol

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
        context: a question-like text.
        turns: (what is asked, the one line that answers it).
    """

    context: str
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
        """Draw single steps to practise: looking an operation up and doing it.

        Each turn says what its step starts from: the line before it as a trace would have it, with a value of its own, so
        that no step ever goes on from another.
        """
        ...

    def read(self, question: str, trace: str) -> list[Step]:
        """Split a trace into its lines and judge each against the question; never raises on a trace, however odd.

        Raises:
            ValueError: the question is not one of this family.
        """
        ...


def judge(trace: str, form: re.Pattern[str], truth: Mapping[str, str]) -> list[Step]:
    """Judge each line of a trace that says anything: of the form, equal to the true line of its label, needed at all."""
    steps = []
    for line in filter(None, map(str.strip, trace.splitlines())):
        match = form.fullmatch(line)
        label = match["label"] if match else ""
        steps.append(Step(line, match is not None, truth.get(label) == line, label in truth))
    return steps
