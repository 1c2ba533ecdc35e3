"""What a reasoning model of a recipe is: the target, or a surrogate."""

from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field, SerializeAsAny

from traceinv.engines import Sampling
from traceinv.questions.base import Role
from traceinv.records import Example
from traceinv.registry import chooser
from traceinv.schema import Closed
from traceinv.training import TrainingConfig


class ReasoningModel(Closed):
    """A model that answers questions with a trace and an answer; a subclass has a `kind`.

    Attributes:
        traces_known: whether its true traces can be read, so that inverted ones can be measured.
        model: the weights that it is, or is trained from (see `traceinv.models.locate`).
        training: how the run trains it on its own examples first.
        sampling: how it writes transcripts; as the recipe says where left out.
    """

    traces_known: ClassVar[bool] = True

    kind: str
    model: str
    training: TrainingConfig
    sampling: Sampling | None = Field(None, exclude_if=lambda sampling: sampling is None)

    def training_examples(self, role: Role) -> list[Example]:
        """Return the rows that it is trained on."""
        raise NotImplementedError


AnyReasoningModel = Annotated[
    SerializeAsAny[ReasoningModel], BeforeValidator(chooser("traceinv.targets", ReasoningModel))
]
"""A field that holds any reasoning model, chosen by its `kind`."""
