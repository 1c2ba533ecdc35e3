"""What a source of questions is: it gives target and surrogate a question set each, without overlap."""

from typing import Literal

from traceinv.records import Question
from traceinv.schema import Closed

Role = Literal["target", "surrogate"]


class QuestionSource(Closed):
    """A source of questions; a subclass has a `kind`."""

    kind: str

    def count(self) -> int:
        """Return how many questions the target is asked."""
        raise NotImplementedError

    def questions(self, role: Role) -> list[Question]:
        """Return the questions of the target or of the surrogate; the two sets share none."""
        raise NotImplementedError
