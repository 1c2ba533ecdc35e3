"""What an experiment is: a recipe in YAML, checked before anything runs."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import AfterValidator, Field, ValidationError, field_validator, model_validator

from harness.benchmarks.catalog import discover
from harness.benchmarks.folders import include
from harness.benchmarks.questions import TaskQuestions
from harness.evaluation.settings import EvalConfig
from harness.files import MAX_YAML_BYTES, parse_yaml, read_text
from harness.pipeline.audited import AuditChoice, audited, chosen_policies
from harness.pipeline.bounds import oversized
from harness.results.schema import Cell
from traceinv.dialect import StatedDialect
from traceinv.engines import Sampling
from traceinv.errors import InputError, nearest
from traceinv.inversion import PromptStyle
from traceinv.models import SHIPPED_MODEL
from traceinv.policies import AnyPolicy
from traceinv.questions import AnyQuestions
from traceinv.regimes import BASE, CONTRASTS, ORDER, REGIMES, Candidates, needs_summary, reads_hidden_traces
from traceinv.schema import Closed, FieldFault, describe
from traceinv.targets.base import AnyReasoningModel, ReasoningModel
from traceinv.targets.local import Reading
from traceinv.training import TrainingConfig

RECIPES = Path(__file__).parents[1] / "recipes"
MAX_SEEDS = 100
Values = TypeVar("Values", bound=Sequence[Any])


def _distinct(values: Values) -> Values:
    if len(set(values)) < len(values):
        raise ValueError("expected no value twice")
    return values


def _regime(name: str) -> str:
    if name not in ORDER:
        raise ValueError(f"unknown regime {name!r}{nearest(name, ORDER)}")
    return name


def _two(pair: tuple[str, str]) -> tuple[str, str]:
    if pair[0] == pair[1]:
        raise ValueError("expected two different regimes")
    return pair


Distinct = AfterValidator(_distinct)
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
RegimeName = Annotated[str, AfterValidator(_regime)]
Share = Annotated[float, Field(gt=0, le=1)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Contrast = Annotated[tuple[RegimeName, RegimeName], AfterValidator(_two)]


class LearningModel(Closed):
    """A student or inverter: the weights to start from, and how they are trained.

    Attributes:
        model: a folder of weights (see `traceinv.models.locate`).
        dialect: what is stated about how it writes a reply, in place of what its chat template shows.
    """

    model: str = SHIPPED_MODEL
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
        return _distinct(tasks)

    def asked(self) -> EvalConfig:
        """Return what is asked, without where its tasks and their data lie."""
        return EvalConfig.model_validate(self.model_dump() | {"data_dir": None})


class Recipe(Closed):
    """An experiment. Whatever may be plural is a mapping from a name to its definition.

    Attributes:
        data_dir: the folder that the paths of questions, targets and surrogates start from, and with the benchmark's data where
            `benchmark.data_dir` is left out.
        targets, surrogates, policies, students: every combination of these and of the budgets is a cell. A target states on
            what ground it may be tested, unless the run itself trains it in the lab.
        budgets: shares of the target's questions whose disclosures are used.
        engine: runs target, surrogate and inverters.
        sampling: how target, surrogate and inverters write; a target or surrogate may have its own.
        candidates: how regimes that keep what comes to the disclosed answer draw their candidates.
        contrasts: pairs of regimes to compare, as first - second; they should be fixed before the run.
        seeds: one run of inverters and students for each; target and surrogate are the same for all.
        max_dropped: share of the questions that may be lost on the way, by any regime or by the inverter's own training
            examples, before the run is refused.
        policies_together: whether the students of all policies learn the same questions, so that policies can be ranked; what
            uses no summary is then made once for all of them.
    """

    name: str = Field(pattern=r"^[a-z0-9_-]+$")
    data_dir: str | None = Field(None, exclude_if=lambda folder: folder is None)
    questions: AnyQuestions
    targets: dict[Name, AnyReasoningModel] = Field(min_length=1)
    surrogates: dict[Name, AnyReasoningModel] = Field(min_length=1)
    policies: dict[Name, AnyPolicy] = Field(min_length=1)
    budgets: Annotated[list[Share], Distinct] = Field([1.0], min_length=1)
    engine: Literal["transformers", "vllm", "mock"] = "transformers"
    sampling: Sampling
    inverter: InverterModel
    students: dict[Name, StudentModel] = Field(min_length=1)
    regimes: Annotated[list[RegimeName], Distinct] = Field(min_length=1)
    contrasts: Annotated[tuple[Contrast, ...], Distinct] = CONTRASTS
    benchmark: BenchmarkConfig
    candidates: CandidatesConfig = CandidatesConfig()
    faithfulness: FaithfulnessConfig = FaithfulnessConfig()
    seeds: Annotated[list[Seed], Distinct] = Field(min_length=1, max_length=MAX_SEEDS)
    max_dropped: float = Field(0.5, ge=0, le=1)
    policies_together: bool = Field(False, exclude_if=lambda together: not together)

    @model_validator(mode="before")
    @classmethod
    def _has_one_data_folder(cls, content: Any) -> Any:
        """Let the benchmark's data lie in `data_dir`, unless it has a folder of its own."""
        folder = content.get("data_dir") if isinstance(content, Mapping) else None
        benchmark = content.get("benchmark") if folder else None
        if not isinstance(benchmark, Mapping) or benchmark.get("data_dir"):
            return content
        return {**content, "benchmark": {**benchmark, "data_dir": folder}}

    @model_validator(mode="after")
    def _may_test_its_targets(self) -> Self:
        """Refuse a target without the ground on which it may be tested; nothing skips this."""
        for name, target in self.targets.items():
            if target.needs_permission and target.permission is None:
                raise FieldFault(
                    f"targets.{name}.permission",
                    "field required: on what ground may this target be tested? Expected {ground: own_model}, "
                    "{ground: open_weights, licence: ...}, {ground: open_data, licence: ...} or "
                    "{ground: provider_consent, reference: ...}",
                )
        return self

    @model_validator(mode="after")
    def _has_models_that_can_do_what_is_asked(self) -> Self:
        """Refuse policies that read what a model hides, and regimes that need weights which a surrogate lacks."""
        for name, policy in self.policies.items():
            for place, model in self._reasoning_models():
                if policy.reads_trace and not model.traces_known:
                    raise FieldFault(f"policies.{name}", f"{policy.kind} reads the trace, which {place} hides")
                if policy.reads_own_summary and not model.has_own_summaries:
                    raise FieldFault(
                        f"policies.{name}",
                        f"{policy.kind} shows the summary that came with a reply, and {place} has none",
                    )
        for name, surrogate in self.surrogates.items():
            if not surrogate.traces_known:
                raise FieldFault(f"surrogates.{name}", "its traces are hidden, and a surrogate is there for its traces")
            needing = next((regime for regime in self.regimes if _asks_surrogate(regime)), None)
            if needing and not surrogate.has_weights:
                raise FieldFault(f"surrogates.{name}", f"{surrogate.kind} has no weights, which {needing} needs")
        for name, target in self.targets.items():
            if not target.traces_known and not any(regime != BASE for regime in self._possible(name)):
                raise FieldFault(f"targets.{name}", "its traces are hidden, which all regimes need")
        return self

    def _reasoning_models(self) -> list[tuple[str, ReasoningModel]]:
        """List the targets and surrogates with their places in the recipe."""
        targets = [(f"targets.{name}", model) for name, model in self.targets.items()]
        return [*targets, *((f"surrogates.{name}", model) for name, model in self.surrogates.items())]

    @model_validator(mode="after")
    def _has_what_its_regimes_need(self) -> Self:
        if set(self.regimes) == {BASE}:
            raise ValueError(f"regimes: expected at least one that teaches, besides {BASE}")
        for name, policy in self.policies.items():
            if not any(regime != BASE for regime in self.regimes_of(name)):
                raise ValueError(f"policies.{name}: {policy.kind} discloses no summary, which all regimes need")
        return self

    def regimes_of(self, policy: str, target: str | None = None) -> list[str]:
        """List the regimes of a policy's cells: without those that need a summary where it discloses none.

        Args:
            target: leave those out that need its traces where they are hidden; None for any target.
        """
        summarised = self.policies[policy].discloses_summary
        return [regime for regime in self._possible(target) if summarised or not needs_summary(regime)]

    def _possible(self, target: str | None) -> list[str]:
        known = target is None or self.targets[target].traces_known
        return [regime for regime in self.regimes if known or not reads_hidden_traces(regime)]

    def place(self, path: str) -> Path:
        """Return where a file of the recipe's data lies."""
        return Path(self.data_dir or "", path).expanduser()

    def question_file(self) -> Path | None:
        """Return the file that the questions are read from; None where they are made or come from the hub.

        Raises:
            InputError: the data folder lacks it.
        """
        if isinstance(self.questions, TaskQuestions):
            found = self.questions.local_file(self.data_dir or self.benchmark.data_dir)
            return None if found is None else Path(found)
        path = self.questions.file()
        return None if path is None else self.place(path)

    def cells(self) -> Iterator[Cell]:
        """Go through every combination of target, surrogate, policy, budget and student."""
        for target in self.targets:
            for surrogate in self.surrogates:
                for policy in self.policies:
                    for budget in self.budgets:
                        for student in self.students:
                            yield Cell(
                                target=target, surrogate=surrogate, policy=policy, budget=budget, student=student
                            )


def _asks_surrogate(regime: str) -> bool:
    """Return whether a regime has the surrogate write candidates."""
    sources = REGIMES[regime].sources if regime in REGIMES else ()
    return any(isinstance(source, Candidates) and source.writer == "surrogate" for source in sources)


def load_recipe(
    name: str, overrides: Sequence[str] = (), seeds: int | None = None, audit: AuditChoice | None = None
) -> Recipe:
    """Read a recipe by the name of a built-in one or by path, with `a.b=value` overrides and a number of seeds.

    Args:
        audit: for an audit, whose recipe is this one with the values of its section `audit` in place of its own; the section is
            left out otherwise.

    Raises:
        InputError: there is no such recipe, it is not YAML, or a key or value is wrong; one line says which and why.
    """
    path = _find(name)
    content = _read(path)
    section = content.pop("audit", None)
    if audit is not None:
        content = audited(content, {} if section is None else section, path)
    steps = [(str(path), copy.deepcopy(content))]
    for override in overrides:
        _override(content, override)
        steps.append((f"--set {override}", copy.deepcopy(content)))
    if audit is not None and audit.policies:
        content["policies"] = chosen_policies(audit.policies, content.get("policies"))
        steps.append((f"--policies {','.join(audit.policies)}", copy.deepcopy(content)))
    if audit is not None and audit.regimes:
        content["regimes"] = list(audit.regimes)
        steps.append((f"--regimes {','.join(audit.regimes)}", copy.deepcopy(content)))
    if seeds is not None:
        content["seeds"] = list(range(min(seeds, MAX_SEEDS + 1)))
        steps.append((f"--seeds {seeds}", content))
    fault = _fault(content)
    if fault is None:
        return Recipe.model_validate(content)
    where = next(where for where, step in steps if _fault(step) == fault)
    raise InputError(f"{where}: {fault}")


def _fault(content: Mapping[str, Any]) -> str | None:
    """Describe what is wrong with a recipe in one line."""
    try:
        recipe = Recipe.model_validate(content)
    except ValidationError as error:
        return describe(error, Recipe)
    return oversized(recipe.model_dump())


def _read(path: Path) -> dict[str, Any]:
    content = parse_yaml(read_text(path, MAX_YAML_BYTES), str(path))
    if content is None:
        raise InputError(f"{path}: the file is empty")
    if not isinstance(content, dict):
        raise InputError(f"{path}: expected keys and values, got {type(content).__name__}")
    return content


def _find(name: str) -> Path:
    path = Path(name)
    if path.suffix in (".yaml", ".yml"):
        if not path.exists():
            raise InputError(f"{name}: no such recipe file")
        return path
    built_in = RECIPES / f"{name}.yaml"
    if not built_in.is_file():
        raise InputError(f"unknown recipe {name!r}{nearest(name, built_in_recipes())}")
    return built_in


def built_in_recipes() -> list[str]:
    """List the names of the recipes that ship with the package."""
    return sorted(path.stem for path in RECIPES.glob("*.yaml"))


def _override(content: dict[str, Any], override: str) -> None:
    """Set one value by its dotted path; the value is read as YAML.

    Another `kind` starts from its own defaults, so the other keys beside it are dropped.
    """
    path, equals, text = override.partition("=")
    shown = f"--set {override!r:.100}"
    if not equals or not path:
        raise InputError(f"{shown}: expected KEY.KEY=VALUE")
    *parents, last = path.split(".")
    place = content
    for parent in parents:
        place = place.setdefault(parent, {})
        if not isinstance(place, dict):
            raise InputError(f"{shown}: {parent!r} holds a value, not further keys")
    value = parse_yaml(text, shown)
    if last == "kind" and place.get("kind") != value:
        place.clear()
    place[last] = value
