"""Nodes of questions, of target and surrogate, and of the transcripts that they write."""

from functools import cached_property
from typing import Any

from harness.pipeline.graph import InputArtifact, Node
from harness.pipeline.nodes.base import (
    HIDDEN,
    OF_SURROGATE,
    OF_TARGET,
    SECOND,
    SURROGATE,
    TARGET,
    TESTER,
    BaseNodes,
    writing_cost,
)
from harness.pipeline.nodes.inputs import checked_path
from harness.results.schema import Label
from harness.stages.decontaminated import OTHERS
from harness.stages.questions import DATA
from harness.stages.recorded import RECORDING
from traceinv.engines import Sampling
from traceinv.errors import InputError
from traceinv.questions import Role
from traceinv.questions.base import question_counts
from traceinv.targets.base import ModelWithWeights, ReasoningModel, TrainedModel
from traceinv.targets.endpoint import EndpointModel
from traceinv.targets.local import LocalModel
from traceinv.targets.recorded import RecordedModel


class TranscriptNodes(BaseNodes):
    """Questions, reasoning models and transcripts."""

    def questions(self, role: Role) -> Node:
        """Return the questions of the target or of the surrogate."""
        file = self.recipe.question_file()
        where = f"questions.{self.recipe.questions.kind}"
        inputs = {} if file is None else {DATA: checked_path(where, file, self.absent_ok)}
        params = {"source": self.recipe.questions, "role": role}
        drawn = self._add("questions", params, inputs, TESTER, of=(), role=role)
        return drawn if self.recipe.questions.generated else self._decontaminated(drawn, role)

    def _decontaminated(self, drawn: Node, role: Role) -> Node:
        """Return the questions without those that a benchmark holds, and for the surrogate without the target's."""
        inputs: dict[str, Node | InputArtifact] = {"questions": drawn, **self.benchmark_data}
        if role == SURROGATE:
            inputs[OTHERS] = self.questions(TARGET)
        params = {"benchmark": self.recipe.benchmark.asked(), "role": role}
        return self._add("decontaminated", params, inputs, TESTER, of=(), role=role)

    def reasoning_model(self, role: Role) -> Node | InputArtifact:
        """Return the weights of the target or the surrogate, trained where the run trains it.

        Raises:
            InputError: there are none.
        """
        model, where = self._model_of(role), f"{role}s.{getattr(self.cell, role)}"
        if not isinstance(model, ModelWithWeights):
            raise InputError(f"{where}: {model.kind} has no weights")
        weights = self._stated(self._weights(where, model), model)
        if not isinstance(model, TrainedModel):
            return weights
        of, side = (OF_TARGET, HIDDEN) if role == TARGET else (OF_SURROGATE, TESTER)
        trained = model.model_copy(
            update={"sampling": None, "permission": None, "dialect": None}
        )  # training needs none
        params, inputs = {"model": trained, "role": role}, {"base": weights}
        return self._add("reasoning_model", params, inputs, side, of=of, role=role, cost=200)

    @cached_property
    def hidden(self) -> Node:
        """Return the target's transcripts."""
        return self._transcripts(TARGET, TARGET, role=TARGET)

    @cached_property
    def second(self) -> Node:
        """Return the target's second transcripts of the same questions."""
        return self._transcripts(TARGET, TARGET, again=True, role=SECOND)

    def surrogate_transcripts(self, asked: Role) -> Node:
        """Return the surrogate's transcripts of its own questions, or of the target's."""
        return self._transcripts(SURROGATE, asked, role=SURROGATE, asked=asked)

    def _transcripts(self, model: Role, questions: Role, role: str, again: bool = False, **labels: Label) -> Node:
        """Return the transcripts of target or surrogate, written by its weights, read from its file or asked of its server.

        Args:
            again: the second reply to each question.
        """
        asked = self._model_of(model)
        of, side = (OF_TARGET, HIDDEN) if model == TARGET else (OF_SURROGATE, TESTER)
        where = f"{model}s.{getattr(self.cell, model)}"
        inputs: dict[str, Node | InputArtifact] = {"questions": self.questions(questions)}
        cost = writing_cost(self.recipe.questions.size())
        if isinstance(asked, RecordedModel):
            read, path = self.recipe.recording(where, asked)
            params = {"model": read.model_copy(update={"permission": None, "sampling": None}), "sample": int(again)}
            inputs |= {} if path is None else {RECORDING: checked_path(f"{where}.path", path, self.absent_ok)}
            return self._add("recorded", params, inputs, side, of=of, cost=1, role=role, **labels)
        sampling = self._sampling(model)
        if again:
            temperature = self.recipe.faithfulness.second_temperature
            sampling = sampling.model_copy(update={"temperature": temperature, "seed": sampling.seed + 1})
        if isinstance(asked, EndpointModel):
            params = {"model": asked.model_copy(update={"permission": None, "sampling": None}), "sampling": sampling}
            return self._add("endpoint", params, inputs, side, of=of, cost=cost, role=role, **labels)
        params = {"sampling": sampling, **asked_and_read(asked)}
        params["trust_remote_code"] = self._trusts(model)
        inputs |= {"model": self.reasoning_model(model)}
        replies = question_counts(self.recipe.questions)[questions]
        return self._write("transcripts", params, inputs, side, of, replies, role=role, **labels)

    def _sampling(self, role: Role) -> Sampling:
        """Return how the target or the surrogate writes transcripts: its own settings, or else the recipe's."""
        return self._model_of(role).sampling or self.recipe.sampling


def asked_and_read(model: ReasoningModel) -> dict[str, Any]:
    """Return how a model is asked and read, where that is not the usual way."""
    return {"reads": model.reads, "instruction": model.instruction} if isinstance(model, LocalModel) else {}
