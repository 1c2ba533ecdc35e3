"""What an experiment is: a recipe in YAML, checked before anything runs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from harness.benchmarks.catalog import discover
from traceinv.disclosure import Policy
from traceinv.engines import Sampling
from traceinv.errors import InputError, nearest
from traceinv.schema import describe
from traceinv.training import TrainingConfig

RECIPES = Path(__file__).parents[1] / "recipes"

Regime = Literal[
    "base",
    "answer_only",
    "summary",
    "surrogate_trace",
    "inverted",
    "inverted_without_summary",
    "zero_shot_inverted",
    "inverted_mismatched",
    "inverted_shuffled",
    "oracle",
]
T = TypeVar("T")


def _in_order(steps: tuple[int, int]) -> tuple[int, int]:
    if not 1 <= steps[0] <= steps[1] <= 8:
        raise ValueError("expected the fewest and the most steps, from 1 to 8")
    return steps


def _different(values: list[T]) -> list[T]:
    if len(set(values)) < len(values):
        raise ValueError("expected no value twice")
    return values


def _known(tasks: list[str]) -> list[str]:
    known = sorted({benchmark.name for benchmark in discover() if benchmark.form == "chat"})
    for task in tasks:
        if task not in known:
            raise ValueError(f"unknown task {task!r}{nearest(task, known)}")
    return tasks


Steps = Annotated[tuple[int, int], AfterValidator(_in_order)]
Different = AfterValidator(_different)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LabModel(_Part):
    """A reasoning model of the lab, fine-tuned from its base on true traces.

    Attributes:
        examples_per_family: how many questions of each family it learns from.
        steps: the shortest and the longest of them, in reasoning steps.
    """

    kind: Literal["lab"] = "lab"
    examples_per_family: int = Field(gt=0)
    steps: Steps
    training: TrainingConfig


class Questions(_Part):
    """The questions that target and surrogate answer: two sets of this size, which share no question."""

    per_family: int = Field(gt=1)
    steps: Steps


class Benchmark(_Part):
    """What the students are scored on, and how: as `traceinv bench` asks and grades.

    Attributes:
        tasks: their short names (`traceinv tasks list`).
        limit: the first so many items of each; all where left out.
        samples: of each item; what each task says where left out.
        max_tokens: a reply, in place of the tasks' own.
        data_dir: a folder with a mirror of the tasks' data; the hub where left out.
        parameters: given to the tasks in place of their metadata.
    """

    tasks: Annotated[list[str], Different, AfterValidator(_known)] = Field(min_length=1)
    limit: int | None = Field(None, gt=0)
    samples: int | None = Field(None, gt=0)
    max_tokens: int | None = Field(None, gt=0)
    engine: Literal["transformers", "vllm"] = "transformers"
    batch_size: int = Field(128, gt=0)
    seed: int = 0
    data_dir: str | None = None
    parameters: dict[str, Any] = {}


class Measuring(_Part):
    """How the faithfulness of inverted traces is measured.

    Attributes:
        draws: how many traces of other questions each truth is paired with for the floor.
        second_temperature: that at which the target is asked a second time, for the ceiling.
        likelihood_traces: on how many of the hidden traces the bits that each disclosed part gives away are measured.
    """

    draws: int = Field(3, gt=0)
    second_temperature: float = Field(1.0, gt=0)
    likelihood_traces: int = Field(400, gt=0)


class Recipe(_Part):
    """An experiment.

    Attributes:
        seeds: one run of inverters and students for each; target and surrogate are the same for all.
        sampling: how target, surrogate and inverters write.
        max_dropped: the share of the questions that may be lost on the way, by any regime or by the inverter's own lesson,
            before the comparison is refused.
    """

    name: str = Field(pattern=r"^[a-z0-9_-]+$")
    target: LabModel
    surrogate: LabModel
    questions: Questions
    policy: Annotated[Policy, Field(discriminator="kind")]
    sampling: Sampling
    inverter: TrainingConfig
    student: TrainingConfig
    regimes: Annotated[list[Regime], Different] = Field(min_length=1)
    benchmark: Benchmark
    faithfulness: Measuring = Measuring()
    seeds: Annotated[list[int], Different] = Field(min_length=1)
    max_dropped: float = Field(0.5, ge=0, le=1)

    @model_validator(mode="after")
    def _has_what_its_regimes_need(self) -> Self:
        if not set(self.regimes) - {"base"}:
            raise ValueError("regimes: expected at least one that teaches, beside base")
        wanting = {"summary", "inverted", "inverted_mismatched", "inverted_shuffled"} & set(self.regimes)
        if self.policy.kind == "answer_only" and wanting:
            raise ValueError(f"policy: answer_only shows no summary, which {sorted(wanting)[0]} needs")
        return self


def load_recipe(name: str, overrides: Sequence[str] = (), seeds: int | None = None) -> Recipe:
    """Read a recipe by the name of a built-in one or by path, with `a.b=value` overrides and a number of seeds.

    Raises:
        InputError: there is no such recipe, it is not YAML, or a key or value is wrong; one line says which and why.
    """
    path = _find(name)
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise InputError(f"{path}: not UTF-8 text") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise InputError(f"{path}{line}: not YAML: {getattr(error, 'problem', None) or error}") from None
    if not isinstance(content, dict):
        raise InputError(f"{path}: expected keys and values, got {type(content).__name__}")
    for override in overrides:
        _override(content, override)
    if seeds is not None:
        content["seeds"] = list(range(seeds))
    try:
        return Recipe.model_validate(content)
    except ValidationError as error:
        raise InputError(f"{path}: {describe(error, Recipe)}") from None


def _find(name: str) -> Path:
    path = Path(name)
    if path.suffix in (".yaml", ".yml"):
        if not path.is_file():
            raise InputError(f"{name}: no such recipe file")
        return path
    built_in = RECIPES / f"{name}.yaml"
    if not built_in.is_file():
        raise InputError(f"unknown recipe {name!r}{nearest(name, (p.stem for p in RECIPES.glob('*.yaml')))}")
    return built_in


def _override(content: dict[str, Any], override: str) -> None:
    """Set one value by its dotted path; the value is read as YAML."""
    path, equals, text = override.partition("=")
    if not equals or not path:
        raise InputError(f"--set {override!r}: expected KEY.KEY=VALUE")
    *parents, last = path.split(".")
    place = content
    for parent in parents:
        place = place.setdefault(parent, {})
        if not isinstance(place, dict):
            raise InputError(f"--set {override!r}: {parent!r} holds a value, not further keys")
    try:
        place[last] = yaml.safe_load(text)
    except yaml.YAMLError:
        raise InputError(f"--set {override!r}: the value is not YAML") from None
