"""Questions of the embedded lab."""

from collections.abc import Iterable
from typing import ClassVar, Literal

from pydantic import Field

from traceinv.lab.steps import ALL_FAMILIES, NO_PRIVATE, FamilyNames, PrivateRange, StepRange
from traceinv.questions.base import Placed, QuestionSource, Role
from traceinv.records import Question


class LabQuestions(QuestionSource):
    """Questions of the lab's families.

    Attributes:
        per_family: questions of each family that the target is asked.
        surrogate_per_family: those that the surrogate is asked, which inverters learn from; as many where left out.
        steps: fewest and most steps of a question's trace.
        families: which families they are of; all where left out.
        private: fewest and most private steps among them, in the families that have the private operation.
    """

    generated: ClassVar[bool] = True

    kind: Literal["lab"] = "lab"
    per_family: int = Field(gt=1)
    surrogate_per_family: int | None = Field(None, gt=1, exclude_if=lambda count: count is None)
    steps: StepRange
    families: FamilyNames = Field(ALL_FAMILIES, exclude_if=lambda families: families == ALL_FAMILIES)
    private: PrivateRange = Field(NO_PRIVATE, exclude_if=lambda private: private == NO_PRIVATE)

    def size(self) -> int:
        return len(self.families) * self.per_family

    def questions(self, role: Role, rows: Iterable[Placed] = ()) -> list[Question]:
        from traceinv.lab.questions import as_question, draw

        count = self.surrogate_per_family if role == "surrogate" and self.surrogate_per_family else self.per_family
        problems = draw(role, count, self.steps, seed=0, private=self.private, families=self.families)
        return [as_question(identifier, problem) for identifier, problem in problems.items()]
