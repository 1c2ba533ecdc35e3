"""The result of grading."""

from dataclasses import dataclass
from typing import Literal

State = Literal["correct", "wrong", "no_answer", "unfinished", "bad_format", "ungradable"]


class GradingFailed(Exception):
    """Grading itself failed; the response has no grade, and must not be scored 0."""


@dataclass(frozen=True)
class Grade:
    """The grade of one response.

    Attributes:
        state: `unfinished` where the reasoning is never closed, so that no answer was read; `no_answer` where no text follows
            the reasoning; `bad_format` where the text does not have the form that the task asks for; `ungradable` where the
            item's reference cannot be used.
        extracted: the answer that was graded; None where there is none.
        explanation: the reason for the grade, in one sentence.
        credit: the partial credit, in [0, 1), of an answer that is not fully correct.
        official: the score by the benchmark's official grader, for comparisons with published figures; None where it is not
            computed.
    """

    state: State
    extracted: str | None
    explanation: str
    credit: float = 0.0
    official: float | None = None

    @property
    def value(self) -> float:
        """The score: 1 for a correct response, else its partial credit, which is 0 in most tasks.

        Raises:
            ValueError: the item is ungradable; it must be left out of the score and counted.
        """
        if self.state == "ungradable":
            raise ValueError(f"an ungradable item has no value: {self.explanation}")
        return 1.0 if self.state == "correct" else self.credit
