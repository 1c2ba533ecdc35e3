"""The nodes of one cell: which stages it needs, with which parameters, inputs and labels."""

from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from harness.faithfulness.reading import Part
from harness.pipeline.descriptions import digest_folder
from harness.pipeline.graph import SIDE, Graph, InputArtifact, Node
from harness.pipeline.recipe import Recipe
from harness.results.schema import Cell, Label
from harness.stages import stage_kinds
from harness.stages.calibration import CEILING
from harness.stages.decontaminated import OTHERS
from harness.stages.examples import SOURCES
from harness.stages.questions import DATA
from harness.stages.shared_rows import DISCLOSURES, QUESTIONS
from traceinv.candidates import Asked
from traceinv.dialect import StatedDialect
from traceinv.digests import digest_file
from traceinv.engines import Sampling
from traceinv.errors import InputError
from traceinv.inversion import Shown, shown_part
from traceinv.models import locate
from traceinv.policies import Policy
from traceinv.policies.answer_only import AnswerOnly
from traceinv.policies.prompted import Prompted
from traceinv.questions import Role
from traceinv.regimes import (
    BASE,
    REGIMES,
    Candidates,
    Disclosures,
    HiddenTraces,
    Inversions,
    Source,
    SurrogateTraces,
    inverters,
    is_partial,
    reads_hidden_traces,
)
from traceinv.targets.base import ModelWithWeights, ReasoningModel, TrainedModel
from traceinv.targets.endpoint import EndpointModel
from traceinv.targets.local import LocalModel
from traceinv.targets.recorded import RecordedModel

TARGET: Role = "target"
SURROGATE: Role = "surrogate"
SECOND = "second"
"""The role of the target's second transcripts, which are the ceiling of faithfulness."""
HIDDEN, TESTER, JUDGE = "hidden", "tester", "judge"
"""Sides of the barrier: what only the judge may read, what a tester could have made, and what measures."""
Inputs = Mapping[str, Node | InputArtifact]
CELL_PARTS = tuple(Cell.model_fields)
OF_TARGET, OF_SURROGATE, OF_STUDENT = ("target",), ("surrogate",), ("student",)
OF_DISCLOSURES = ("target", "policy", "budget")
OF_INVERTER = ("surrogate", "policy")
OF_INVERSION = ("target", "surrogate", "policy", "budget")
"""The parts of a cell that a node belongs to."""
ROW_PARTS = {TARGET: OF_TARGET, SURROGATE: OF_SURROGATE, BASE: OF_STUDENT}
"""The parts that models other than taught students belong to."""


class CellNodes:
    """The nodes of one cell.

    Each property and method adds a node to the graph, and the nodes that it is computed from. Equal nodes are one, so asking for
    a node twice, or for the same node of another cell, adds nothing.
    """

    def __init__(self, recipe: Recipe, graph: Graph, cell: Cell) -> None:
        self.recipe = recipe
        self.graph = graph
        self.cell = cell
        self.policy = recipe.policies[cell.policy]
        self.student_model = recipe.students[cell.student or ""]
        self.target, self.surrogate = recipe.targets[cell.target], recipe.surrogates[cell.surrogate]
        self.regimes = recipe.regimes_of(cell.policy, cell.target)
        self.trained_regimes = [regime for regime in self.regimes if regime != BASE]

    # Questions, answers and what is disclosed of them

    def questions(self, role: Role) -> Node:
        """Return the questions of the target or of the surrogate."""
        file = self.recipe.question_file()
        inputs = {} if file is None else {DATA: _file(f"questions.{self.recipe.questions.kind}", file)}
        params = {"source": self.recipe.questions, "role": role}
        drawn = self._add("questions", params, inputs, TESTER, of=(), role=role)
        return drawn if self.recipe.questions.generated else self._decontaminated(drawn, role)

    def _decontaminated(self, drawn: Node, role: Role) -> Node:
        """Return the questions without those that a benchmark holds, and for the surrogate without the target's."""
        inputs: dict[str, Node | InputArtifact] = {"questions": drawn, **self._benchmark_data}
        if role == SURROGATE:
            inputs[OTHERS] = self.questions(TARGET)
        params = {"benchmark": self.recipe.benchmark.asked(), "role": role}
        return self._add("decontaminated", params, inputs, TESTER, of=(), role=role)

    @property
    def _benchmark_data(self) -> Inputs:
        folder = self.recipe.benchmark.data_dir
        return {DATA: _data(folder)} if folder else {}

    def reasoning_model(self, role: Role) -> Node | InputArtifact:
        """Return the weights of the target or the surrogate, trained where the run trains it.

        Raises:
            InputError: there are none.
        """
        model, where = self._reasoning_model(role), f"{role}s.{getattr(self.cell, role)}"
        if not isinstance(model, ModelWithWeights):
            raise InputError(f"{where}: {model.kind} has no weights")
        weights = self._stated(_weights(f"{where}.model", model.model), model.dialect)
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

    @cached_property
    def shown(self) -> Node:
        """Return the target's disclosures within the cell's budget."""
        return self._disclosures(TARGET, self.policy)

    @cached_property
    def taught(self) -> Node:
        """Return what the surrogate would disclose, which inverters learn from."""
        return self._disclosures(SURROGATE, self.policy)

    def disclosed(self, role: Role, with_summary: bool) -> Node:
        """Return the disclosures of target or surrogate for a use of their summaries, or for one of their answers alone.

        Where policies stand together, those for answers are the same for all policies, and so is what is made of them.
        """
        beside_summary = self.policy.changes_answer or self.policy.discloses_tokens
        if self.recipe.policies_together and not with_summary and not beside_summary:
            return self._disclosures(role, AnswerOnly())
        return self.shown if role == TARGET else self.taught

    def _disclosures(self, role: Role, policy: Policy) -> Node:
        params = {"policy": policy, "budget": self.cell.budget if role == TARGET else 1.0}
        transcripts = self.hidden if role == TARGET else self.surrogate_transcripts(SURROGATE)
        of = OF_DISCLOSURES if role == TARGET else OF_INVERTER
        inputs: dict[str, Node | InputArtifact] = {"transcripts": transcripts}
        if isinstance(policy, Prompted):
            inputs["compressions"] = self._compressions(role, policy, transcripts)
        return self._add("disclosures", params, inputs, TESTER, of=of, role=role, cost=0.1)

    def _compressions(self, role: Role, policy: Prompted, transcripts: Node) -> Node:
        """Return what a policy's compressor writes of transcripts."""
        inputs: Inputs = {
            "model": _weights(f"policies.{self.cell.policy}.model", policy.model),
            "transcripts": transcripts,
        }
        of, side = (("target", "policy"), HIDDEN) if role == TARGET else (OF_INVERTER, TESTER)
        params, cost = {"engine": self.recipe.engine, "policy": policy}, _writing_cost(self.recipe.questions.size())
        return self._add("compressions", params, inputs, side, of=of, role=role, cost=cost)

    # Students and their grades

    def examples(self, regime: str, seed: int) -> Node:
        """Return the training examples of a regime."""
        params = {"regime": regime, "max_tokens": self.student_model.training.max_tokens, "seed": seed}
        sources = zip(SOURCES, REGIMES[regime].sources, strict=False)
        inputs: Inputs = {"base": self.base, **{name: self._source(source, seed) for name, source in sources}}
        return self._add("examples", params, inputs, _side(regime), regime=regime, seed=seed, cost=0.5)

    def shared_rows(self, seed: int) -> Node:
        """Return the questions that all students of a seed are taught."""
        params = {"max_dropped": self.recipe.max_dropped, "budget": self.cell.budget}
        inputs: dict[str, Node | InputArtifact] = {QUESTIONS: self.questions(TARGET)}
        for policy in self.recipe.policies if self.recipe.policies_together else [self.cell.policy]:
            nodes = self._of_policy(policy)
            suffix = f" of {policy}" if self.recipe.policies_together else ""
            inputs[DISCLOSURES + suffix] = nodes.shown
            for regime in filter(_decides_rows, nodes.trained_regimes):
                inputs[regime + suffix] = nodes.examples(regime, seed)
        return self._add("shared_rows", params, inputs, TESTER, seed=seed, cost=0.1)

    def _of_policy(self, policy: str) -> "CellNodes":
        """Return the nodes of the cell that differs from this one in its policy."""
        if policy == self.cell.policy:
            return self
        return CellNodes(self.recipe, self.graph, self.cell.model_copy(update={"policy": policy}))

    def student(self, regime: str, seed: int) -> Node:
        """Return a trained student."""
        training = self.student_model.training
        inputs: Inputs = {
            "base": self.base,
            "examples": self.examples(regime, seed),
            "rows": self.shared_rows(seed),
        }
        cost = self._training_cost(training.epochs)
        params = {"training": training, "seed": seed, "partial": is_partial(regime)}
        return self._add("student", params, inputs, _side(regime), regime=regime, seed=seed, cost=cost)

    def grades(self, row: str, seed: int | None) -> Node:
        """Return the graded responses of the model of a row; the seed is None where the model is the same for all seeds."""
        benchmark = self.recipe.benchmark
        params, of = {"benchmark": benchmark.asked()}, ROW_PARTS.get(row, CELL_PARTS)
        data = self._benchmark_data
        items = self._add("items", params, data, JUDGE, of=())
        cost = _writing_cost(len(benchmark.tasks) * (benchmark.limit or 200))
        inputs: Inputs = {"model": self._model(row, seed), "items": items, **data}
        responses = self._add("responses", params, inputs, JUDGE, of=of, regime=row, seed=seed, cost=cost)
        inputs = {"responses": responses, **data}
        return self._add("grades", params, inputs, JUDGE, of=of, regime=row, seed=seed, cost=cost / 10)

    # Inversions and what is measured of them

    def inversions(self, source: Inversions, seed: int | None, exchanged: Part | None = None) -> Node:
        """Return the traces that an inverter wrote; the seed is None for a prompted inverter.

        Args:
            exchanged: the part of the disclosures that is another question's, for the reading test.
        """
        params = {
            "engine": self.recipe.engine,
            "with_summary": source.with_summary(self.policy.discloses_summary),
            "sampling": self.recipe.sampling.model_copy(update={} if seed is None else {"seed": seed}),
            "trained": source.trained,
            "prompt": "short" if source.trained else self.recipe.inverter.zero_shot_prompt,
        }
        shown = self.disclosed(TARGET, bool(params["with_summary"]))
        shown = self.exchanged(exchanged, shown) if exchanged else shown
        inputs: Inputs = {"model": self.inverter(source, seed), "disclosures": shown}
        asked = self.recipe.faithfulness.reading_questions if exchanged else self.recipe.questions.size()
        labels = {"regime": _regime_of(source), "seed": seed, "exchanged": exchanged}
        return self._add("inversions", params, inputs, TESTER, OF_INVERSION, _writing_cost(asked), **labels)

    def candidates(self, source: Candidates, seed: int) -> Node:
        """Return several replies to each question, written by the student, the surrogate or an inverter."""
        with_summary = source.with_summary(self.policy.discloses_summary)
        asked, model = self._writer(source, with_summary, seed)
        settings = self.recipe.candidates
        sampling = self.recipe.sampling.model_copy(update={"temperature": settings.temperature, "seed": seed})
        params = {"engine": self.recipe.engine, "asked": asked, "count": settings.count, "sampling": sampling}
        params |= self._candidate_reading(source)
        inputs: Inputs = {"model": model, "disclosures": self.disclosed(TARGET, with_summary)}
        cost = settings.count * _writing_cost(self.recipe.questions.size())
        labels = {"writer": source.writer, "seed": seed}
        return self._add("candidates", params, inputs, TESTER, OF_INVERSION, cost, **labels)

    def _writer(self, source: Candidates, with_summary: bool, seed: int) -> tuple[Asked, Node | InputArtifact]:
        """Return what the writer of candidates is asked, and its model."""
        match source.writer:
            case "student":
                return "question", self.base
            case "surrogate":
                return "hint", self.reasoning_model(SURROGATE)
            case "inverter":
                inverter = Inversions(shown="summary" if with_summary else "answer", trained=True)
                return shown_part(with_summary), self.inverter(inverter, seed)

    def _candidate_reading(self, source: Candidates) -> dict[str, Any]:
        """Return how the writer of candidates is asked and read, where that is not the usual way."""
        if source.writer == "surrogate":
            return _reading(self.surrogate)
        untaught = self.student_model
        return {"reads": untaught.reads, "instruction": untaught.instruction} if source.writer == "student" else {}

    def exchanged(self, part: Part, shown: Node) -> Node:
        """Return disclosures of which one part is another question's."""
        params = {"part": part, "questions": self.recipe.faithfulness.reading_questions, "seed": 0}
        inputs: Inputs = {"disclosures": shown}
        return self._add("exchanged", params, inputs, TESTER, of=OF_DISCLOSURES, exchanged=part, cost=0.1)

    def reading(self, regime: str) -> dict[Part, list[Node]]:
        """Return the reading test of an inverter: by the part that is exchanged, a node for each seed."""
        source = inverters()[regime]
        parts: list[Part] = ["answer"]
        parts += ["summary"] if source.with_summary(self.policy.discloses_summary) else []
        parts += ["tokens"] if self.policy.discloses_tokens else []
        return {part: [self._reading(regime, source, part, seed) for seed in self.seeds_of(source)] for part in parts}

    def _reading(self, regime: str, source: Inversions, part: Part, seed: int | None) -> Node:
        own, other = self.inversions(source, seed), self.inversions(source, seed, part)
        inputs: Inputs = {"inversions": own, "exchanged": other, "transcripts": self.hidden}
        return self._add("reading", {}, inputs, JUDGE, OF_INVERSION, 2, regime=regime, seed=seed, exchanged=part)

    def inverter(self, source: Inversions, seed: int | None) -> Node | InputArtifact:
        """Return a trained inverter, or for a prompted one the weights that it starts from."""
        inverter = self.recipe.inverter
        base = self._stated(_weights("inverter.model", inverter.model), inverter.dialect)
        if not source.trained:
            return base
        with_summary = source.with_summary(self.policy.discloses_summary)
        params = {
            "with_summary": with_summary,
            "training": inverter.training,
            "max_dropped": self.recipe.max_dropped,
            "seed": seed,
        }
        inputs: Inputs = {
            "base": base,
            "transcripts": self.surrogate_transcripts(SURROGATE),
            "disclosures": self.disclosed(SURROGATE, with_summary),
        }
        shown, cost = "summary" if with_summary else "answer", self._training_cost(inverter.training.epochs)
        return self._add("inverter", params, inputs, TESTER, of=OF_INVERTER, shown=shown, seed=seed, cost=cost)

    def faithfulness(self, regime: str) -> Node:
        """Return the calibrated faithfulness of an inverter's traces, over all seeds."""
        source = inverters()[regime]
        inputs: dict[str, Node | InputArtifact] = {}
        if self.target.may_answer_again:
            traces = {"second": self.second, "transcripts": self.hidden}
            inputs[CEILING] = self._add("ceiling", {}, traces, JUDGE, of=OF_TARGET, cost=2)
        for seed in self.seeds_of(source):
            params = {"draws": self.recipe.faithfulness.draws, "seed": seed or 0}
            measured: Inputs = {"inversions": self.inversions(source, seed), "transcripts": self.hidden}
            inputs[f"seed {seed}"] = self._add(
                "faithfulness", params, measured, JUDGE, of=OF_INVERSION, regime=regime, seed=seed, cost=8
            )
        params = {"seed": self.recipe.seeds[0]}
        return self._add("calibration", params, inputs, JUDGE, of=OF_INVERSION, regime=regime, cost=3)

    def likelihood(self, regime: str, seed: int | None) -> Node:
        """Return the bits of the hidden traces under a trained inverter or the surrogate; it is asked as it was trained."""
        as_inverter = regime != SURROGATE
        model = self.inverter(inverters()[regime], seed) if as_inverter else self.reasoning_model(SURROGATE)
        shown = [self.taught_part(regime)]
        asked = self.recipe.faithfulness.likelihood_traces
        params = {"shown": shown, "as_inverter": as_inverter, "questions": asked}
        shown_rows = self.disclosed(TARGET, shown == ["summary"])
        inputs: Inputs = {"model": model, "disclosures": shown_rows, "transcripts": self.hidden}
        cost = 0.006 * len(shown) * min(asked, self.recipe.questions.size())
        return self._add("likelihood", params, inputs, JUDGE, of=OF_INVERSION, regime=regime, seed=seed, cost=cost)

    def exact_bits(self) -> Node:
        """Return the exact bits of the hidden traces, where they can be computed."""
        params = {"questions": self.recipe.faithfulness.likelihood_traces}
        inputs: Inputs = {"disclosures": self.shown, "transcripts": self.hidden}
        return self._add("exact_bits", params, inputs, JUDGE, of=OF_DISCLOSURES, cost=1)

    def taught_part(self, regime: str) -> Shown:
        """Return the last part that a trained inverter, or the surrogate, is shown."""
        if regime == SURROGATE:
            return "question"
        return shown_part(inverters()[regime].with_summary(self.policy.discloses_summary))

    def utility(self) -> Node:
        """Return what the policy's disclosures are worth to their reader."""
        inputs: Inputs = {"disclosures": self.shown, "transcripts": self.hidden}
        return self._add("utility", {"seed": 0}, inputs, JUDGE, of=OF_DISCLOSURES, cost=3)

    def style(self) -> Node:
        """Return how different the summaries are that inverters are trained on and used on."""
        inputs = {"trained": self.taught, "used": self.shown}
        return self._add("style", {"seed": 0}, inputs, JUDGE, of=OF_INVERSION, cost=3)

    def seeds_of(self, source: Inversions) -> list[int | None]:
        """List the seeds of an inverter; a prompted one has none."""
        return [*self.recipe.seeds] if source.trained else [None]

    @cached_property
    def base(self) -> Node | InputArtifact:
        """Return the untaught student."""
        return self._stated(self.student_weights, self.student_model.dialect)

    @cached_property
    def student_weights(self) -> InputArtifact:
        """Return the folder that the student's weights lie in."""
        return _weights(f"students.{self.cell.student}.model", self.student_model.model)

    def _stated(self, weights: InputArtifact, dialect: StatedDialect | None) -> Node | InputArtifact:
        """Return weights with what is stated about their dialect."""
        if dialect is None:
            return weights
        return self._add("stated_model", {"dialect": dialect}, {"base": weights}, TESTER, of=(), cost=1)

    def _source(self, source: Source, seed: int) -> Node:
        """Return the records that a regime reads."""
        match source:
            case Disclosures():
                return self.disclosed(TARGET, source.shown != "answer")
            case HiddenTraces():
                return self.hidden
            case SurrogateTraces():
                return self.surrogate_transcripts(TARGET)
            case Inversions():
                return self.inversions(source, seed if source.trained else None)
            case Candidates():
                return self.candidates(source, seed)

    def _model(self, row: str, seed: int | None) -> Node | InputArtifact:
        """Return the model whose responses a row shows."""
        if row == TARGET:
            return self.reasoning_model(TARGET)
        if row == SURROGATE:
            return self.reasoning_model(SURROGATE)
        return self.base if seed is None else self.student(row, seed)

    def _transcripts(self, model: Role, questions: Role, role: str, again: bool = False, **labels: Label) -> Node:
        """Return the transcripts of target or surrogate, written by its weights, read from its file or asked of its server.

        Args:
            again: the second reply to each question.
        """
        asked = self._reasoning_model(model)
        of, side = (OF_TARGET, HIDDEN) if model == TARGET else (OF_SURROGATE, TESTER)
        where = f"{model}s.{getattr(self.cell, model)}"
        inputs: dict[str, Node | InputArtifact] = {"questions": self.questions(questions)}
        cost = _writing_cost(self.recipe.questions.size())
        if isinstance(asked, RecordedModel):
            params = {"model": asked.model_copy(update={"permission": None, "sampling": None}), "sample": int(again)}
            path = self.recipe.place(asked.path) if asked.path else self.recipe.question_file()
            if path is None:
                raise InputError(f"{where}.path: field required, because the questions come from no file")
            inputs |= {"recording": _file(f"{where}.path", path)}
            return self._add("recorded", params, inputs, side, of=of, cost=1, role=role, **labels)
        sampling = self._sampling(model)
        if again:
            temperature = self.recipe.faithfulness.second_temperature
            sampling = sampling.model_copy(update={"temperature": temperature, "seed": sampling.seed + 1})
        if isinstance(asked, EndpointModel):
            params = {"model": asked.model_copy(update={"permission": None, "sampling": None}), "sampling": sampling}
            return self._add("endpoint", params, inputs, side, of=of, cost=cost, role=role, **labels)
        params = {"engine": self.recipe.engine, "sampling": sampling, **_reading(asked)}
        inputs |= {"model": self.reasoning_model(model)}
        return self._add("transcripts", params, inputs, side, of=of, cost=cost, role=role, **labels)

    def _reasoning_model(self, role: Role) -> ReasoningModel:
        return self.target if role == TARGET else self.surrogate

    def _sampling(self, role: Role) -> Sampling:
        """Return how the target or the surrogate writes transcripts: its own settings, or else the recipe's."""
        return self._reasoning_model(role).sampling or self.recipe.sampling

    def _training_cost(self, epochs: float) -> float:
        return 0.017 * self.recipe.questions.size() * epochs

    def _add(
        self,
        kind: str,
        params: Mapping[str, Any],
        inputs: Inputs,
        side: str,
        of: tuple[str, ...] = CELL_PARTS,
        cost: float = 1.0,
        **labels: Label | None,
    ) -> Node:
        """Add a node, labelled with the parts of the cell that it belongs to and with others; a label of None is left out."""
        every = {part: getattr(self.cell, part) for part in of} | labels | {SIDE: side}
        kept = {key: value for key, value in every.items() if value is not None}
        return self.graph.add(stage_kinds()[kind], params, inputs, kept, cost)


def _decides_rows(regime: str) -> bool:
    """Return whether a regime has a say in which questions are taught: neither the oracle nor a partial one has."""
    return not reads_hidden_traces(regime) and not is_partial(regime)


def _side(regime: str) -> str:
    return HIDDEN if reads_hidden_traces(regime) else TESTER


def _regime_of(source: Inversions) -> str:
    """Return the regime that teaches an inverter's traces unchanged."""
    return next(name for name, other in inverters().items() if other == source)


@cache
def _weights(where: str, model: str) -> InputArtifact:
    try:
        folder = locate(model)
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
    return _artifact(folder.resolve())


@cache
def _data(folder: str) -> InputArtifact:
    if not Path(folder).is_dir():
        raise InputError(f"benchmark.data_dir: no such folder {folder!r}")
    return _artifact(Path(folder).resolve())


def _file(where: str, path: Path) -> InputArtifact:
    if not path.exists():
        raise InputError(f"{where}: no such file or folder {str(path)!r}")
    return _read_file(path.resolve())


@cache
def _read_file(path: Path) -> InputArtifact:
    return _artifact(path) if path.is_dir() else InputArtifact(path, digest_file(path))


def _reading(model: ReasoningModel) -> dict[str, Any]:
    """Return how a model is asked and read, where that is not the usual way."""
    return {"reads": model.reads, "instruction": model.instruction} if isinstance(model, LocalModel) else {}


@cache
def _artifact(folder: Path) -> InputArtifact:
    return InputArtifact(folder, digest_folder(folder))


def _writing_cost(texts: int) -> float:
    return 0.03 * texts
