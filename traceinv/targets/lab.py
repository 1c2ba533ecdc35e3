"""Reasoning models of the embedded lab."""

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from traceinv.lab.steps import ALL_FAMILIES, NO_PRIVATE, FamilyNames, PrivateRange, StepRange
from traceinv.models import SHIPPED_MODEL
from traceinv.questions.base import Role
from traceinv.records import Example
from traceinv.targets.base import TrainedModel


class LabModel(TrainedModel):
    """A reasoning model of the lab. It is fine-tuned from the lab's base on its own questions and their traces.

    Attributes:
        examples_per_family: how many questions of each family it learns from.
        steps: fewest and most steps of these questions.
        families: which families they are of; all where left out.
        skill: what it learns of the private operation. `known`: the facts of the target's table. `guessed`: how to write a
            private step whose outcome it doesn't know, since every question that it learns from has a table of its own.
            `none`: nothing, since its questions have no private steps.
        private: fewest and most private steps of its questions.
    """

    needs_permission: ClassVar[bool] = False

    kind: Literal["lab"] = "lab"
    model: str = SHIPPED_MODEL
    examples_per_family: int = Field(gt=0)
    steps: StepRange
    families: FamilyNames = Field(ALL_FAMILIES, exclude_if=lambda families: families == ALL_FAMILIES)
    skill: Literal["none", "known", "guessed"] = Field("none", exclude_if=lambda skill: skill == "none")
    private: PrivateRange = Field(NO_PRIVATE, exclude_if=lambda private: private == NO_PRIVATE)

    @model_validator(mode="after")
    def _has_private_steps_with_a_skill(self) -> Self:
        if (self.skill == "none") != (self.private == NO_PRIVATE):
            raise ValueError("expected `private` steps and the `skill` to write them (known, guessed), or neither")
        return self

    @property
    def example_count(self) -> int:
        """How many rows it is trained on."""
        return len(self.families) * self.examples_per_family

    def part(self, examples: int) -> Self:
        """Return the model with about so many of its rows, at least one a family; they are alike."""
        each = min(self.examples_per_family, max(1, examples // len(self.families)))
        return self.model_copy(update={"examples_per_family": each})

    def training_examples(self, role: Role) -> list[Example]:
        from traceinv.lab.families import guessed_world, secret_world
        from traceinv.lab.models import true_examples

        split: Literal["target_train", "surrogate_train"] = "target_train" if role == "target" else "surrogate_train"
        world = guessed_world if self.skill == "guessed" else secret_world
        return true_examples(split, self.examples_per_family, self.steps, 0, self.private, world, self.families)
