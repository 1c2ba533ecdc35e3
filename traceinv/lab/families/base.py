"""The interface of the lab's problem families: they draw questions with exact traces and judge traces of a model."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Protocol

from traceinv.lab.families.drills import Drill


@dataclass(frozen=True)
class Problem:
    """One question with its true trace and answer.

    Attributes:
        steps: lines of the trace.
        reference: what a grader needs: the right answer, or for `compose` the coefficients from which its tests are made.
        key: the question without its names; two problems with the same key count as the same question.
    """

    family: str
    steps: int
    question: str
    trace: str
    answer: str
    reference: str
    key: str


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
    """A family of problems, which can be drawn with any number of reasoning steps."""

    name: str

    def sample(self, rng: Random, steps: int) -> Problem:
        """Draw a problem whose trace has exactly `steps` lines."""
        ...

    def drill(self, rng: Random) -> Drill:
        """Draw single-step exercises on a question of two to nine steps."""
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
