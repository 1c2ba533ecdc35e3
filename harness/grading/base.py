"""What a grader returns."""

from dataclasses import dataclass
from typing import Literal

State = Literal["correct", "wrong", "no_answer", "unfinished", "bad_format", "ungradable"]


class GradingFailed(Exception):
    """The means of grading failed, so there is no verdict on the response, not even a zero."""


@dataclass(frozen=True)
class Grade:
    """A verdict on one response.

    Attributes:
        state: `unfinished` where the reasoning was never closed, so that no answer was taken from it; `no_answer` where
            nothing follows the reasoning; `bad_format` where what follows is not of the form that the task asks for;
            `ungradable` where the reference itself cannot be used.
        extracted: the answer that was judged, where there was one.
        explanation: why, in one sentence.
        credit: the share of the mark, in [0, 1), that the task's authors give to an answer that is not fully correct.
    """

    state: State
    extracted: str | None
    explanation: str
    credit: float = 0.0

    @property
    def value(self) -> float:
        """1 for a correct response, else its partial credit, which is 0 for most tasks.

        Raises:
            ValueError: the item is ungradable, so it has no score and must be left out and counted.
        """
        if self.state == "ungradable":
            raise ValueError(f"an ungradable item has no value: {self.explanation}")
        return 1.0 if self.state == "correct" else self.credit
