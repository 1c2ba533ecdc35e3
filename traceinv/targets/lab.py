"""Reasoning models of the embedded lab."""

from typing import Literal

from pydantic import Field

from traceinv.lab.steps import StepRange
from traceinv.models import SHIPPED_MODEL
from traceinv.questions.base import Role
from traceinv.records import Example
from traceinv.targets.base import ReasoningModel
from traceinv.training import TrainingConfig


class LabModel(ReasoningModel):
    """A reasoning model of the lab, fine-tuned from the lab's base on true traces of questions of its own.

    Attributes:
        examples_per_family: how many questions of each family it learns from.
        steps: fewest and most steps of these questions.
    """

    kind: Literal["lab"] = "lab"
    model: str = SHIPPED_MODEL
    examples_per_family: int = Field(gt=0)
    steps: StepRange
    training: TrainingConfig

    def training_examples(self, role: Role) -> list[Example]:
        from traceinv.lab.models import true_examples

        split: Literal["target_train", "surrogate_train"] = "target_train" if role == "target" else "surrogate_train"
        return true_examples(split, self.examples_per_family, self.steps, seed=0)
