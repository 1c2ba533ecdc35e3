"""Questions of the embedded lab."""

from typing import Literal

from pydantic import Field

from traceinv.lab.steps import StepRange
from traceinv.questions.base import QuestionSource, Role
from traceinv.records import Question


class LabQuestions(QuestionSource):
    """Questions of every family of the lab.

    Attributes:
        per_family: questions of each family, for target and surrogate each.
        steps: fewest and most steps of a question's trace.
    """

    kind: Literal["lab"] = "lab"
    per_family: int = Field(gt=1)
    steps: StepRange

    def count(self) -> int:
        from traceinv.lab.families import FAMILIES

        return len(FAMILIES) * self.per_family

    def questions(self, role: Role) -> list[Question]:
        from traceinv.lab.questions import as_question, draw

        problems = draw(role, self.per_family, self.steps, seed=0)
        return [as_question(identifier, problem) for identifier, problem in problems.items()]
