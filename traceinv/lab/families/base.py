"""The interface of the lab's problem families: they draw questions with exact traces and judge traces of a model."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from typing import Any, Literal, Protocol

from traceinv.lab.families.drills import Drill, Steps
from traceinv.lab.families.facts import SECRET, World, secret_world
from traceinv.lab.families.modular import PRIVATE, Table

VALUE = re.compile(r"=([0-6])$")
"""The value that a line states at its end."""


@dataclass(frozen=True)
class Problem:
    """One question with its true trace and answer.

    Attributes:
        steps: lines of the trace.
        private: how many of these lines state an outcome of the private operation.
        reference: what a grader needs: the right answer, or for `compose` the coefficients from which its tests are made.
        key: the question without its names; two problems with the same key count as the same question.
    """

    family: str
    steps: int
    private: int
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
        private: whether it states an outcome of the private operation; false if it is not well-formed.
    """

    text: str
    well_formed: bool
    true: bool
    needed: bool
    private: bool


class Family(Protocol):
    """A family of problems, which can be drawn with any number of reasoning steps.

    Attributes:
        domain: whether its questions are about numbers or about programs.
        has_private: whether its problems can have private steps.
    """

    name: str
    domain: Literal["math", "code"]
    has_private: bool

    def sample(self, rng: Random, steps: int, private: int = 0, world: World = secret_world) -> Problem:
        """Draw a problem whose trace has exactly `steps` lines, of which exactly `private` are private ones.

        Args:
            world: says which outcomes the private operation has in this problem.
        """
        ...

    def drill(self, rng: Random, private_share: float = 0.0) -> Drill:
        """Draw single-step exercises on a question of two to nine steps, with private outcomes that hold in this drill alone.

        Args:
            private_share: how likely a step is to be a private one.
        """
        ...

    def parse(self, question: str, table: Table = SECRET) -> Steps[Any]:
        """Read a question's steps back, with the outcomes of a table.

        Raises:
            ValueError: the question is not one of this family.
        """
        ...

    def read(self, question: str, trace: str, table: Table = SECRET) -> list[JudgedLine]:
        """Judge each line of a trace that is not blank; never raises on a trace, whatever it holds.

        Args:
            table: what the private operation's outcomes truly are.

        Raises:
            ValueError: the question is not one of this family.
        """
        ...

    def concludes(self, trace: str, answer: str) -> bool:
        """Return whether the last line of a trace comes to the answer; never raises."""
        ...


def judge(trace: str, form: re.Pattern[str], truth: Iterable[str]) -> list[JudgedLine]:
    """Judge each line of a trace that is not blank.

    Args:
        form: what a line must match; its group `label` says which step the line states.
        truth: the lines of the true trace.
    """
    lines = {match["label"]: match[0] for match in map(form.fullmatch, truth) if match}
    judged = []
    for line in lines_of(trace):
        match = form.fullmatch(line)
        label = match["label"] if match else ""
        private = match is not None and PRIVATE in line
        judged.append(JudgedLine(line, match is not None, lines.get(label) == line, label in lines, private))
    return judged


def concludes_with_value(trace: str, answer: str) -> bool:
    """Return whether the last line of a trace ends with an equation whose value is the answer, one digit from 0 to 6."""
    match = match_end(trace, VALUE)
    return match is not None and match[1] == answer.strip()


def match_end(trace: str, form: re.Pattern[str]) -> re.Match[str] | None:
    """Search the last line of a trace that is not blank for a form, which should itself demand the line's end."""
    lines = lines_of(trace)
    return form.search(lines[-1]) if lines else None


def lines_of(trace: str) -> list[str]:
    """Return the lines of a trace that are not blank, without white space around them."""
    return list(filter(None, map(str.strip, trace.splitlines())))
