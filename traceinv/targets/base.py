"""What a reasoning model of a recipe is: the target, or a surrogate."""

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, SerializeAsAny

from traceinv.dialect import StatedDialect
from traceinv.engines import Sampling
from traceinv.questions.base import Role
from traceinv.records import Example
from traceinv.registry import chooser
from traceinv.schema import Closed, Trusted
from traceinv.targets.permission import Permission
from traceinv.training_config import TrainingConfig

Answering = Literal["weights", "recording", "endpoint"]
"""Where a model's replies come from: weights that the run loads, a file, or a server."""


class ReasoningModel(Closed):
    """A model that answers questions with a trace and an answer; a subclass has a `kind`.

    Attributes:
        answers_from: where its replies come from; all that a run can measure of it follows from this.
        needs_permission: whether a recipe must state on what ground it may be the target.
        permission: that ground.
        sampling: how it writes transcripts; as the recipe says where left out.
    """

    answers_from: ClassVar[Answering] = "weights"
    needs_permission: ClassVar[bool] = True

    kind: str
    permission: Permission | None = Field(None, exclude_if=lambda permission: permission is None)
    sampling: Sampling | None = Field(None, exclude_if=lambda sampling: sampling is None)

    @property
    def has_weights(self) -> bool:
        """Whether the run has its weights, so that it can be scored, used as a writer and asked for likelihoods."""
        return self.answers_from == "weights"

    @property
    def may_answer_again(self) -> bool:
        """Whether there may be a second reply to a question: the model can be asked again, or a file may hold one."""
        return True

    @property
    def traces_known(self) -> bool:
        """Whether its true traces can be read by the judge, so that inverted ones can be measured and an oracle taught."""
        return True

    @property
    def has_own_summaries(self) -> bool:
        """Whether its replies may come with summaries of its own."""
        return False

    def permission_words(self) -> str:
        """State on what ground it may be tested."""
        return self.permission.words() if self.permission else "the target is trained by this run"


class ModelWithoutWeights(ReasoningModel):
    """A reasoning model of which the run sees replies alone.

    Attributes:
        traces: `known` where the replies hold the whole reasoning, which then is the truth that inverted traces are measured
            against; `hidden` where they do not.
    """

    traces: Literal["known", "hidden"]

    @property
    def traces_known(self) -> bool:
        return self.traces == "known"

    @property
    def may_answer_again(self) -> bool:
        return self.traces_known


class ModelWithWeights(ReasoningModel):
    """A reasoning model whose weights the run loads.

    Attributes:
        model: where they are (see `traceinv.models.locate`).
        trust_remote_code: whether Python code that comes with the weights may be run.
        dialect: what is stated about how it writes a reply, in place of what its chat template shows.
    """

    model: str
    trust_remote_code: Trusted = False
    dialect: StatedDialect | None = Field(None, exclude_if=lambda dialect: dialect is None)


class TrainedModel(ModelWithWeights):
    """A reasoning model that the run trains first, from the weights `model`, on examples of its own."""

    training: TrainingConfig

    def training_examples(self, role: Role) -> list[Example]:
        """Return the rows that it is trained on."""
        raise NotImplementedError


AnyReasoningModel = Annotated[
    SerializeAsAny[ReasoningModel], BeforeValidator(chooser("traceinv.targets", ReasoningModel))
]
"""A field that holds any reasoning model, chosen by its `kind`."""
