"""The interface of the lab's problem families: they draw questions with exact traces and judge traces of a model."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Protocol

from traceinv.lab.families.drills import Drill

_VALUE = re.compile(r"=([0-6])$")


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
class JudgedLine:
    """One line of a trace, judged against the question.

    Attributes:
        text: the line, without white space around it.
        well_formed: whether it has the family's form.
        true: whether every part of it holds for this question; false if it is not well-formed.
        needed: whether the answer depends on it; false if it is not well-formed.
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

    def read(self, question: str, trace: str) -> list[JudgedLine]:
        """Judge each line of a trace that is not blank; never raises on a trace, whatever it holds.

        Raises:
            ValueError: the question is not one of this family.
        """
        ...

    def concludes(self, trace: str, answer: str) -> bool:
        """Return whether the last line of a trace comes to the answer; never raises."""
        ...


def judge(trace: str, form: re.Pattern[str], truth: Mapping[str, str]) -> list[JudgedLine]:
    """Judge each line of a trace that is not blank.

    Args:
        form: what a line must match; its group `label` says which step the line states.
        truth: the true line of each label that the question has.
    """
    judged = []
    for line in _lines(trace):
        match = form.fullmatch(line)
        label = match["label"] if match else ""
        judged.append(JudgedLine(line, match is not None, truth.get(label) == line, label in truth))
    return judged


def concludes_with_value(trace: str, answer: str) -> bool:
    """Return whether the last line of a trace ends with an equation whose value is the answer, one digit from 0 to 6."""
    match = match_end(trace, _VALUE)
    return match is not None and match[1] == answer.strip()


def match_end(trace: str, form: re.Pattern[str]) -> re.Match[str] | None:
    """Search the last line of a trace that is not blank for a form, which should itself demand the line's end."""
    lines = _lines(trace)
    return form.search(lines[-1]) if lines else None


def _lines(trace: str) -> list[str]:
    return list(filter(None, map(str.strip, trace.splitlines())))
