"""The plan of a recipe: its stage graph, and for each cell the nodes that its figures are read from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from harness.pipeline.graph import SIDE, Graph, InputArtifact, Node
from harness.pipeline.recipe import Recipe
from harness.pipeline.store import digest_folder
from harness.results.schema import Cell, Label
from harness.stages import stage_kinds
from harness.stages.calibration import CEILING
from traceinv.errors import InputError
from traceinv.models import locate
from traceinv.questions import Role
from traceinv.regimes import BASE, REGIMES, Disclosures, HiddenTraces, Inversions, Source, SurrogateTraces, inverters

TARGET: Role = "target"
SURROGATE: Role = "surrogate"
SECOND = "second"
"""The role of the target's second transcripts, which are the ceiling of faithfulness."""
HIDDEN, TESTER, JUDGE = "hidden", "tester", "judge"
"""Sides of the barrier: what only the judge may read, what a tester could have made, and what measures."""
Inputs = Mapping[str, Node | InputArtifact]
CELL_PARTS = tuple(Cell.model_fields)
OF_TARGET, OF_SURROGATE = ("target",), ("surrogate",)
OF_INVERTER = ("surrogate", "policy")
OF_INVERSION = ("target", "surrogate", "policy", "budget")
"""The parts of a cell that a node belongs to."""
ROW_PARTS = {TARGET: OF_TARGET, SURROGATE: OF_SURROGATE, BASE: ("student",)}
"""The parts that models other than taught students belong to."""


@dataclass
class CellPlan:
    """The nodes of one cell that its figures are read from.

    Attributes:
        hidden: the target's transcripts.
        grades: by regime (or `target`, `surrogate`) and seed; the seed is None where the model is the same for all seeds.
        students, examples: by regime and seed.
        shared_rows: by seed.
        faithfulness: the calibrated figures, by the regime whose inverted traces they measure.
        likelihood: by regime (or `surrogate`) and seed; the seed is None where the model is the same for all seeds.
        style: None where the policy discloses no summary, or no regime inverts.
    """

    cell: Cell
    hidden: Node
    grades: dict[tuple[str, int | None], Node] = field(default_factory=dict)
    students: dict[tuple[str, int], Node] = field(default_factory=dict)
    examples: dict[tuple[str, int], Node] = field(default_factory=dict)
    shared_rows: dict[int, Node] = field(default_factory=dict)
    faithfulness: dict[str, Node] = field(default_factory=dict)
    likelihood: dict[tuple[str, int | None], Node] = field(default_factory=dict)
    style: Node | None = None


@dataclass(frozen=True)
class Plan:
    """A recipe with its graph and its cells."""

    recipe: Recipe
    graph: Graph
    cells: list[CellPlan]


def plan(recipe: Recipe) -> Plan:
    """Plan a recipe: equal nodes are one node, so cells share what they can without planning for it.

    Raises:
        InputError: a model or the benchmark's data is not there.
    """
    graph = Graph()
    return Plan(recipe, graph, [_CellPlanner(recipe, graph, cell).plan() for cell in recipe.cells()])


class _CellPlanner:
    """Adds the nodes of one cell, in the order in which data flows."""

    def __init__(self, recipe: Recipe, graph: Graph, cell: Cell) -> None:
        self.recipe = recipe
        self.graph = graph
        self.cell = cell
        self.policy = recipe.policies[cell.policy]
        self.student = recipe.students[cell.student or ""]
        self.measured: dict[str, dict[int | None, Node]] = {}

    def plan(self) -> CellPlan:
        target, surrogate = self._reasoning_model(TARGET), self._reasoning_model(SURROGATE)
        questions = self._questions(TARGET)
        self.hidden = self._transcripts(target, questions, HIDDEN, role=TARGET)
        self.own = self._transcripts(surrogate, self._questions(SURROGATE), TESTER, role=SURROGATE, asked=SURROGATE)
        self.shown = self._disclosures(self.hidden, self.cell.budget, role=TARGET)
        self.taught = self._disclosures(self.own, 1.0, role=SURROGATE)
        self.surrogate = surrogate
        self.planned = CellPlan(self.cell, self.hidden)
        self._grade(TARGET, None, target)
        self._grade(SURROGATE, None, surrogate)
        if BASE in self.recipe.regimes:
            self._grade(BASE, None, _base(self.student.model))
        for seed in self.recipe.seeds:
            self._students(seed)
        if any(isinstance(REGIMES[regime].source, Inversions) for regime in self.recipe.trained_regimes):
            self._measure(self._transcripts(target, questions, HIDDEN, role=SECOND))
        return self.planned

    def _students(self, seed: int) -> None:
        """Add examples, shared rows, students and their grades for one seed."""
        taught = {regime: self._examples(regime, seed) for regime in self.recipe.trained_regimes}
        open_to_tester = {name: node for name, node in taught.items() if not REGIMES[name].source.hidden}
        disclosed = round(self._question_count() * self.cell.budget)
        params = {"max_dropped": self.recipe.max_dropped, "questions": disclosed}
        rows = self._add("shared_rows", params, open_to_tester, TESTER, seed=seed, cost=0.1)
        self.planned.shared_rows[seed] = rows
        for regime, examples in taught.items():
            node = self._add(
                "student",
                {"training": self.student.training, "seed": seed},
                {"base": _base(self.student.model), "examples": examples, "rows": rows},
                _side(regime),
                regime=regime,
                seed=seed,
                cost=_training_cost(self._question_count(), self.student.training.epochs),
            )
            self.planned.students[regime, seed] = node
            self._grade(regime, seed, node)

    def _examples(self, regime: str, seed: int) -> Node:
        params = {"regime": regime, "max_tokens": self.student.training.max_tokens, "seed": seed}
        inputs: Inputs = {"base": _base(self.student.model), "source": self._source(REGIMES[regime].source, seed)}
        node = self._add("examples", params, inputs, _side(regime), regime=regime, seed=seed, cost=0.5)
        self.planned.examples[regime, seed] = node
        return node

    def _source(self, source: Source, seed: int) -> Node:
        """Return the node of the records that a regime reads."""
        match source:
            case Disclosures():
                return self.shown
            case HiddenTraces():
                return self.hidden
            case SurrogateTraces():
                questions = self._questions(TARGET)
                return self._transcripts(self.surrogate, questions, TESTER, role=SURROGATE, asked=TARGET)
            case Inversions():
                return self._inversions(source, seed)

    def _inversions(self, source: Inversions, seed: int) -> Node:
        """Add the inversions of one inverter; a prompted one is the same for all seeds."""
        with_summary = source.shown == "summary" or (source.shown == "all" and self.policy.discloses_summary)
        regime = next(name for name, other in inverters().items() if other == source)
        own_seed = seed if source.trained else None
        model = self._inverter(with_summary, seed) if source.trained else _base(self.recipe.inverter.model)
        sampling = self.recipe.sampling
        if source.trained:
            sampling = sampling.model_copy(update={"seed": seed})
        node = self._add(
            "inversions",
            {
                "engine": self.recipe.engine,
                "with_summary": with_summary,
                "sampling": sampling,
                "trained": source.trained,
            },
            {"model": model, "disclosures": self.shown},
            TESTER,
            of=OF_INVERSION,
            regime=regime,
            seed=own_seed,
            cost=_writing_cost(self._question_count()),
        )
        self._measure_inversions(regime, own_seed, node, model)
        return node

    def _inverter(self, with_summary: bool, seed: int) -> Node:
        inverter = self.recipe.inverter
        return self._add(
            "inverter",
            {
                "with_summary": with_summary,
                "training": inverter.training,
                "max_dropped": self.recipe.max_dropped,
                "seed": seed,
            },
            {"base": _base(inverter.model), "transcripts": self.own, "disclosures": self.taught},
            TESTER,
            of=OF_INVERTER,
            shown="summary" if with_summary else "answer",
            seed=seed,
            cost=_training_cost(self._question_count(), inverter.training.epochs),
        )

    def _measure(self, second: Node) -> None:
        """Add what measures the cell's inversions as a whole: the prompted inverter, the ceiling, bits and style."""
        for source in inverters().values():
            if not source.trained:
                self._inversions(source, self.recipe.seeds[0])
        self._likelihood(SURROGATE, None, self.surrogate)
        inputs = {"second": second, "transcripts": self.hidden}
        ceiling = self._add("ceiling", {}, inputs, JUDGE, of=OF_TARGET, cost=2)
        for regime, seeds in self.measured.items():
            stages = {CEILING: ceiling, **{f"seed {seed}": node for seed, node in seeds.items()}}
            params = {"seed": self.recipe.seeds[0]}
            node = self._add("calibration", params, stages, JUDGE, of=OF_INVERSION, regime=regime, cost=3)
            self.planned.faithfulness[regime] = node
        if self.policy.discloses_summary:
            inputs = {"trained": self.taught, "used": self.shown}
            self.planned.style = self._add("style", {"seed": 0}, inputs, JUDGE, of=OF_INVERSION, cost=3)

    def _measure_inversions(self, regime: str, seed: int | None, inversions: Node, model: Node | InputArtifact) -> None:
        params = {"draws": self.recipe.faithfulness.draws, "seed": seed or 0}
        inputs = {"inversions": inversions, "transcripts": self.hidden}
        node = self._add("faithfulness", params, inputs, JUDGE, of=OF_INVERSION, regime=regime, seed=seed, cost=8)
        self.measured.setdefault(regime, {})[seed] = node
        self._likelihood(regime, seed, model)

    def _likelihood(self, regime: str, seed: int | None, model: Node | InputArtifact) -> None:
        """Add the bits of the hidden traces; the surrogate gets the students' prompt, with which it was trained."""
        as_inverter = regime != SURROGATE
        shown = ["question", "answer", "summary"][: 2 + self.policy.discloses_summary] if as_inverter else ["question"]
        asked = self.recipe.faithfulness.likelihood_traces
        params = {"shown": shown, "as_inverter": as_inverter, "questions": asked}
        inputs = {"model": model, "disclosures": self.shown, "transcripts": self.hidden}
        cost = 0.006 * len(shown) * min(asked, self._question_count())
        node = self._add("likelihood", params, inputs, JUDGE, of=OF_INVERSION, regime=regime, seed=seed, cost=cost)
        self.planned.likelihood[regime, seed] = node

    def _reasoning_model(self, role: Role) -> Node:
        model = self._spec(role)
        params = {"model": model, "role": role}
        of, side = (OF_TARGET, HIDDEN) if role == TARGET else (OF_SURROGATE, TESTER)
        return self._add("reasoning_model", params, {"base": _base(model.model)}, side, of=of, role=role, cost=200)

    def _questions(self, role: Role) -> Node:
        params = {"source": self.recipe.questions, "role": role}
        return self._add("questions", params, {}, TESTER, of=(), role=role, cost=1)

    def _transcripts(self, model: Node, questions: Node, side: str, role: str, asked: Role | None = None) -> Node:
        sampling = self.recipe.sampling
        if role == SECOND:
            warmer = {"temperature": self.recipe.faithfulness.second_temperature, "seed": sampling.seed + 1}
            sampling = sampling.model_copy(update=warmer)
        params = {"engine": self.recipe.engine, "sampling": sampling}
        of = OF_SURROGATE if role == SURROGATE else OF_TARGET
        inputs = {"model": model, "questions": questions}
        cost = _writing_cost(self._question_count())
        return self._add("transcripts", params, inputs, side, of=of, role=role, asked=asked, cost=cost)

    def _disclosures(self, transcripts: Node, budget: float, role: Role) -> Node:
        params = {"policy": self.policy, "budget": budget}
        of = ("target", "policy", "budget") if role == TARGET else OF_INVERTER
        return self._add("disclosures", params, {"transcripts": transcripts}, TESTER, of=of, role=role, cost=0.1)

    def _grade(self, row: str, seed: int | None, model: Node | InputArtifact) -> None:
        """Add the responses of a model and their grades."""
        benchmark = self.recipe.benchmark
        asked = benchmark.asked()
        data: Inputs = {"data": _data(benchmark.data_dir)} if benchmark.data_dir else {}
        items = self._add("items", {"benchmark": asked}, data, JUDGE, of=(), cost=1)
        of = ROW_PARTS.get(row, CELL_PARTS)
        cost = _writing_cost(len(benchmark.tasks) * (benchmark.limit or 200))
        inputs: Inputs = {"model": model, "items": items, **data}
        responses = self._add("responses", {"benchmark": asked}, inputs, JUDGE, of=of, regime=row, seed=seed, cost=cost)
        inputs = {"responses": responses, **data}
        grades = self._add("grades", {"benchmark": asked}, inputs, JUDGE, of=of, regime=row, seed=seed, cost=cost / 10)
        self.planned.grades[row, seed] = grades

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

    def _spec(self, role: Role) -> Any:
        return self.recipe.targets[self.cell.target] if role == TARGET else self.recipe.surrogates[self.cell.surrogate]

    def _question_count(self) -> int:
        return self.recipe.questions.count()


def _side(regime: str) -> str:
    return HIDDEN if REGIMES[regime].source.hidden else TESTER


@cache
def _base(model: str) -> InputArtifact:
    folder = locate(model)
    return InputArtifact(folder, digest_folder(folder))


@cache
def _data(folder: str) -> InputArtifact:
    path = Path(folder)
    if not path.is_dir():
        raise InputError(f"benchmark.data_dir: no such folder {folder!r}")
    return InputArtifact(path, digest_folder(path))


def _training_cost(examples: int, epochs: float) -> float:
    return 0.017 * examples * epochs


def _writing_cost(texts: int) -> float:
    return 0.03 * texts
