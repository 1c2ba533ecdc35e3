"""The parts of a recipe: models that learn, benchmarks, and what is measured."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import AfterValidator, Field, field_validator, model_validator

from harness.benchmarks.catalog import discover
from harness.benchmarks.folders import include
from harness.evaluation.settings import EvalConfig
from traceinv.dialect import StatedDialect
from traceinv.errors import InputError, nearest
from traceinv.inversion import PromptStyle
from traceinv.models import SHIPPED_MODEL
from traceinv.schema import Closed, FieldFault, Trusted
from traceinv.targets.local import Reading
from traceinv.training_config import TrainingConfig

Values = TypeVar("Values", bound=Sequence[Any])


def distinct(values: Values) -> Values:
    """Return values of which none stands twice; ValueError otherwise."""
    if len(set(values)) < len(values):
        raise ValueError("expected no value twice")
    return values


Distinct = AfterValidator(distinct)


class LearningModel(Closed):
    """A student or inverter: the weights to start from, and how they are trained.

    Attributes:
        model: a folder of weights (see `traceinv.models.locate`).
        trust_remote_code: whether Python code that comes with the weights may be run.
        dialect: what is stated about how it writes a reply, in place of what its chat template shows.
    """

    model: str = SHIPPED_MODEL
    trust_remote_code: Trusted = False
    dialect: StatedDialect | None = Field(None, exclude_if=lambda dialect: dialect is None)
    training: TrainingConfig


class InverterModel(LearningModel):
    """An inverter.

    Attributes:
        zero_shot_prompt: how the untaught inverter is asked: `short` as taught ones are, `instructing` for models that follow
            instructions.
    """

    zero_shot_prompt: PromptStyle = Field("short", exclude_if=lambda prompt: prompt == "short")


class StudentModel(LearningModel):
    """A student.

    Attributes:
        reads, instruction: how the untaught student's own replies are asked for and split, for regimes that teach them; see
            `traceinv.targets.local.LocalModel`.
    """

    reads: Reading = Field("markers", exclude_if=lambda reads: reads == "markers")
    instruction: str | None = Field(None, exclude_if=lambda instruction: instruction is None)


class FaithfulnessConfig(Closed):
    """How the faithfulness of inverted traces is measured.

    Attributes:
        draws: how many traces of other questions each truth is paired with for the floor.
        second_temperature: of the target's second sample, for the ceiling.
        likelihood_traces: on how many of the hidden traces bits are measured.
        reading_questions: on how many questions each part of the disclosure is exchanged, for the reading test.
    """

    draws: int = Field(3, gt=0)
    second_temperature: float = Field(1.0, gt=0)
    likelihood_traces: int = Field(400, gt=0)
    reading_questions: int = Field(100, gt=0)


class CandidatesConfig(Closed):
    """How regimes that keep what comes to the disclosed answer draw their candidates.

    Attributes:
        count: candidates a question.
        temperature: at which they are written; the rest is the recipe's sampling.
    """

    count: int = Field(8, gt=0)
    temperature: float = Field(1.0, gt=0)


class CostingConfig(Closed):
    """What a dry run assumes. It decides nothing that is computed.

    Attributes:
        device: of the table `harness/pipeline/costing/devices.yaml`; this machine where left out.
        reply_tokens: the tokens of a reply that a model is yet to write; its limit where left out.
        question_tokens: those of a question whose text is not on this machine.
    """

    device: str | None = None
    reply_tokens: int | None = Field(None, gt=0)
    question_tokens: int = Field(150, gt=0)


class BenchmarkConfig(EvalConfig):
    """A recipe's benchmarks.

    Attributes:
        include_path: further folders of tasks, or one (see `harness.benchmarks.folders`). Where tasks lie decides nothing, so
            that neither a stage's parameters nor a record has it.
    """

    include_path: list[str] = Field(default_factory=list, exclude=True)

    @model_validator(mode="before")
    @classmethod
    def _include(cls, content: Any) -> Any:
        """Add the folders to the catalogue before the names of the tasks are looked up in it."""
        if not isinstance(content, Mapping) or "include_path" not in content:
            return content
        folders = content["include_path"]
        folders = [folders] if isinstance(folders, str) else folders
        if not isinstance(folders, list) or not all(isinstance(folder, str) for folder in folders):
            raise FieldFault("include_path", f"expected a folder or a list of folders, got {folders!r}")
        try:
            include(folders)
        except InputError as error:
            raise FieldFault("include_path", str(error)) from None
        return {**content, "include_path": folders}

    @field_validator("tasks")
    @classmethod
    def _known(cls, tasks: list[str]) -> list[str]:
        known = sorted({benchmark.name for benchmark in discover() if benchmark.form == "chat"})
        for task in tasks:
            if task not in known:
                raise ValueError(f"unknown task {task!r}{nearest(task, known)}")
        return distinct(tasks)

    def asked(self) -> EvalConfig:
        """Return what is asked, without where its tasks and their data lie."""
        return EvalConfig.model_validate(self.model_dump() | {"data_dir": None})
