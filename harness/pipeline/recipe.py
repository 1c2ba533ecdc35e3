"""What an experiment is: a recipe, whose parts must fit together."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from harness.benchmarks.questions import TaskQuestions
from harness.files import MAX_YAML_BYTES, parse_yaml, read_text
from harness.pipeline.settings import (
    BenchmarkConfig,
    CandidatesConfig,
    CostingConfig,
    Distinct,
    FaithfulnessConfig,
    InverterModel,
    StudentModel,
)
from harness.results.schema import Cell
from traceinv.devices import AccelerateConfig, check_spread
from traceinv.engines import Sampling
from traceinv.errors import InputError, nearest
from traceinv.policies import AnyPolicy
from traceinv.questions import AnyQuestions
from traceinv.questions.hub import HubQuestions
from traceinv.regimes import BASE, CONTRASTS, ORDER, REGIMES, Candidates, needs_summary, reads_hidden_traces
from traceinv.schema import Closed, FieldFault
from traceinv.targets.base import AnyReasoningModel, ReasoningModel
from traceinv.targets.recorded import RecordedModel

MAX_SEEDS = 100
MAX_SHARDS, MAX_DEVICES = 1000, 64


def _regime(name: str) -> str:
    if name not in ORDER:
        raise ValueError(f"unknown regime {name!r}{nearest(name, ORDER)}")
    return name


def _two(pair: tuple[str, str]) -> tuple[str, str]:
    if pair[0] == pair[1]:
        raise ValueError("expected two different regimes")
    return pair


Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
RegimeName = Annotated[str, AfterValidator(_regime)]
Share = Annotated[float, Field(gt=0, le=1)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Contrast = Annotated[tuple[RegimeName, RegimeName], AfterValidator(_two)]


class Recipe(Closed):
    """An experiment. Whatever may be plural is a mapping from a name to its definition.

    Attributes:
        data_dir: the folder that the paths of questions, targets and surrogates start from, and with the benchmark's data where
            `benchmark.data_dir` is left out.
        targets, surrogates, policies, students: every combination of these and of the budgets is a cell. A target states on
            what ground it may be tested, unless the run itself trains it in the lab.
        budgets: shares of the target's questions whose disclosures are used.
        engine: runs target, surrogate and inverters.
        tensor_parallel: devices of one machine that each model is split over when it writes, inside one process; of `vllm`.
            No record has it beside what a stage says of its engine.
        shards: how many stages at most share the replies that a model writes, so that many workers write them at once. They
            decide no figure, so that no record has the number.
        sampling: how target, surrogate and inverters write; a target or surrogate may have its own.
        candidates: how regimes that keep what comes to the disclosed answer draw their candidates.
        contrasts: pairs of regimes to compare, as first - second; they should be fixed before the run.
        seeds: one run of inverters and students for each; target and surrogate are the same for all.
        max_dropped: share of the questions that may be lost on the way, by any regime or by the inverter's own training
            examples, before the run is refused.
        policies_together: whether the students of all policies learn the same questions, so that policies can be ranked; what
            uses no summary is then made once for all of them.
        keep: `all`, or `scores` to remove the weights of each student once all that reads them is computed. A later run trains
            it again only for what is missing. It decides no figure, so that no record has it.
        costing: what a dry run assumes; no record has it either.
        accelerate: an accelerate config, or its file: over which devices each training is spread (`traceinv.devices`). It decides
            no figure, so that neither a key nor a record has it.
    """

    name: str = Field(pattern=r"^[a-z0-9_-]+$")
    data_dir: str | None = Field(None, exclude_if=lambda folder: folder is None)
    questions: AnyQuestions
    targets: dict[Name, AnyReasoningModel] = Field(min_length=1)
    surrogates: dict[Name, AnyReasoningModel] = Field(min_length=1)
    policies: dict[Name, AnyPolicy] = Field(min_length=1)
    budgets: Annotated[list[Share], Distinct] = Field([1.0], min_length=1)
    engine: Literal["transformers", "vllm", "mock"] = "transformers"
    tensor_parallel: int = Field(1, ge=1, le=MAX_DEVICES, exclude=True)
    shards: int = Field(1, ge=1, le=MAX_SHARDS, exclude=True)
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
    keep: Literal["all", "scores"] = Field("all", exclude=True)
    costing: CostingConfig = Field(CostingConfig(), exclude=True)
    accelerate: AccelerateConfig | None = Field(None, exclude=True)

    @field_validator("accelerate", mode="before")
    @classmethod
    def _read_accelerate(cls, content: Any) -> Any:
        """Read the config where its file is named; the path starts from the current folder, as those of commands do."""
        if not isinstance(content, str):
            return content
        try:
            return parse_yaml(read_text(Path(content).expanduser(), MAX_YAML_BYTES), content)
        except InputError as error:
            raise ValueError(str(error)) from None

    @model_validator(mode="before")
    @classmethod
    def _has_one_data_folder(cls, content: Any) -> Any:
        """Let the benchmark's data lie in `data_dir`, unless it has a folder of its own."""
        folder = content.get("data_dir") if isinstance(content, Mapping) else None
        benchmark = content.get("benchmark") if folder else None
        if not isinstance(benchmark, Mapping) or benchmark.get("data_dir"):
            return content
        return {**content, "benchmark": {**benchmark, "data_dir": folder}}

    @model_validator(mode="before")
    @classmethod
    def _compares_its_regimes(cls, content: Any) -> Any:
        """Compare the pairs of its own regimes, so that a regime that it does not use changes nothing of it."""
        regimes = content.get("regimes") if isinstance(content, Mapping) else None
        if not isinstance(regimes, list) or "contrasts" in content:
            return content
        return {**content, "contrasts": [pair for pair in CONTRASTS if all(name in regimes for name in pair)]}

    @model_validator(mode="after")
    def _has_an_engine_for_several_devices(self) -> Self:
        if self.tensor_parallel > 1 and self.engine != "vllm":
            raise FieldFault("tensor_parallel", f"the engine {self.engine} splits no model; expected 1, or engine vllm")
        return self

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

    @model_validator(mode="after")
    def _can_be_spread(self) -> Self:
        """Refuse a training whose steps cannot be divided over the devices of `accelerate`."""
        named = [*self._reasoning_models(), ("inverter", self.inverter)]
        named += [(f"students.{name}", student) for name, student in self.students.items()]
        for place, model in named:
            training = getattr(model, "training", None)
            if self.accelerate and training:
                try:
                    check_spread(self.accelerate, training)
                except FieldFault as fault:
                    raise FieldFault(f"{place}.training.{fault.field}", fault.reason) from None
        return self

    def _reasoning_models(self) -> list[tuple[str, ReasoningModel]]:
        """List the targets and surrogates with their places in the recipe."""
        targets = [(f"targets.{name}", model) for name, model in self.targets.items()]
        return [*targets, *((f"surrogates.{name}", model) for name, model in self.surrogates.items())]

    @model_validator(mode="after")
    def _has_what_its_regimes_need(self) -> Self:
        if set(self.regimes) == {BASE}:
            raise ValueError(f"regimes: expected at least one that teaches, besides {BASE}")
        for name in self.regimes:
            first = REGIMES[name].after if name in REGIMES else None
            if first and first not in self.regimes:
                raise ValueError(f"regimes: {name} teaches the students of {first} further, so {first} is needed too")
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

    def running_code(self) -> list[str]:
        """List the models whose own Python code may be run, by their places in the recipe."""
        policies = [(f"policies.{name}", policy) for name, policy in self.policies.items()]
        students = [(f"students.{name}", student) for name, student in self.students.items()]
        models = [*self._reasoning_models(), *policies, ("inverter", self.inverter), *students]
        return [place for place, model in models if getattr(model, "trust_remote_code", False)]

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

    def recording(self, where: str, model: RecordedModel) -> tuple[RecordedModel, Path | None]:
        """Return a recorded model with the data set that holds its replies, and where they lie on this machine, if they do.

        Raises:
            InputError: it names no place, and the questions come from no rows.
        """
        if model.path is None and model.hub is None and isinstance(self.questions, HubQuestions):
            model = model.model_copy(update={"hub": self.questions.hub})
        if model.hub is not None:
            return model, self.place(model.hub.dataset) if model.hub.is_folder else None
        path = self.place(model.path) if model.path else self.question_file()
        if path is None:
            raise InputError(f"{where}.path: field required, because the questions come from no file")
        return model, path

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
