"""The stage graph of a recipe: what is computed from what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.benchmarks.catalog import source_digest
from harness.pipeline.recipe import LabModel, Recipe
from harness.stages.kinds import STAGES
from traceinv.lab.families import FAMILIES
from traceinv.regimes import REGIMES, Disclosures, HiddenTraces, Source, SurrogateTraces, inverts


@dataclass(frozen=True)
class External:
    """An input that no stage makes: a folder with its digest."""

    path: Path
    digest: str


@dataclass(frozen=True, eq=False)
class Stage:
    """One step of an experiment.

    Attributes:
        name: what a person reads, `student inverted, seed 1`; no two stages of an experiment share it.
        inputs: by the name that the stage's function knows them by.
        cost: how long it takes, relative to the others; for the progress display and the order alone.
    """

    name: str
    kind: str
    params: Mapping[str, Any]
    inputs: Mapping[str, "Stage | External"]
    cost: float = 1.0

    def __post_init__(self) -> None:
        if self.kind not in STAGES:
            raise ValueError(f"unknown stage kind {self.kind!r}")


Inputs = Mapping[str, Stage | External]


@dataclass
class Experiment:
    """The stages of a recipe, each after its inputs, and those that the result is read from.

    Attributes:
        scores: by (name of the model or regime, seed); `base`, `target` and `surrogate` are the same for all seeds.
        lessons, rows: what each seed's students could be and were taught.
        faithfulness: by regime, where its inverted traces stand between floor and ceiling, over all seeds.
        likelihood: by (regime, seed), bits under its inverter; `surrogate` and `zero_shot_inverted` are the same for all seeds.
        style: of the surrogate's and the target's summaries, where there are any.
    """

    recipe: Recipe
    stages: list[Stage] = field(default_factory=list)
    scores: dict[tuple[str, int | None], Stage] = field(default_factory=dict)
    models: dict[tuple[str, int | None], Stage] = field(default_factory=dict)
    lessons: dict[tuple[str, int], Stage] = field(default_factory=dict)
    rows: dict[int, Stage] = field(default_factory=dict)
    faithfulness: dict[str, Stage] = field(default_factory=dict)
    likelihood: dict[tuple[str, int | None], Stage] = field(default_factory=dict)
    style: Stage | None = None

    def add(
        self,
        name: str,
        kind: str,
        params: Mapping[str, Any],
        inputs: Inputs,
        cost: float = 1.0,
    ) -> Stage:
        stage = Stage(name, kind, params, inputs, cost)
        self.stages.append(stage)
        return stage


INVERTERS = {"inverted": True, "inverted_without_summary": False}
"""Regimes with an inverter of their own, and whether it is shown the summary."""
ZERO_SHOT = "zero_shot_inverted"


def plan(recipe: Recipe, base: External, data: External | None = None) -> Experiment:
    """The stage graph of a recipe over a base model, and the benchmark's data where the recipe names a folder of it."""
    return _Planner(recipe, base, data).plan()


class _Planner:
    """Builds the graph in the order in which data flows."""

    def __init__(self, recipe: Recipe, base: External, data: External | None) -> None:
        self.recipe = recipe
        self.base = base
        self.data = data
        self.experiment = Experiment(recipe)
        self.add = self.experiment.add
        self.sources: dict[Source, Stage] = {}
        self.measured: dict[str, dict[int | None, Stage]] = {}

    def plan(self) -> Experiment:
        target, surrogate = (self._reasoning_model(side) for side in ("target", "surrogate"))
        asked, own = (self._questions(side) for side in ("target", "surrogate"))
        hidden = self._transcripts("target", target, asked, "the target's questions")
        open_traces = self._transcripts("surrogate", surrogate, own, "its own questions")
        shown = self._disclosures("target", hidden)
        surrogate_shown = self._disclosures("surrogate", open_traces)
        self.sources = {
            Disclosures(shown="answer"): shown,
            Disclosures(shown="summary"): shown,
            HiddenTraces(): hidden,
        }
        if "surrogate_trace" in self.recipe.regimes:
            answered = self._transcripts("surrogate", surrogate, asked, "the target's questions")
            self.sources[SurrogateTraces()] = answered
        if "base" in self.recipe.regimes:
            self._score("base", None, self.base)
        self._score("target", None, target)
        self._score("surrogate", None, surrogate)
        if self._inverts():
            self._zero_shot(shown, hidden)
            self._likelihood("surrogate", None, surrogate, shown, hidden)
            self._style(surrogate_shown, shown)
        for seed in self.recipe.seeds:
            self._seed(seed, shown, hidden, open_traces, surrogate_shown)
        if self._inverts():
            again = self._transcripts("target", target, asked, "the same again", second=True)
            self._calibrate(again, hidden)
        return self.experiment

    def _inverts(self) -> bool:
        """Whether any regime is taught inverted traces, so that there is something to measure."""
        return any(inverts(regime) for regime in self.recipe.regimes)

    def _seed(self, seed: int, shown: Stage, hidden: Stage, open_traces: Stage, surrogate_shown: Stage) -> None:
        taught = [regime for regime in self.recipe.regimes if regime != "base"]
        needed = {REGIMES[regime].source for regime in taught}
        for regime, with_summary in INVERTERS.items():
            source = REGIMES[regime].source
            if source in needed:
                inverter = self._inverter(with_summary, seed, open_traces, surrogate_shown)
                self.sources[source] = self._inversions(with_summary, seed, inverter, shown)
                self._faithfulness(regime, seed, self.sources[source], hidden)
                self._likelihood(regime, seed, inverter, shown, hidden)
        lessons: dict[str, Stage | External] = {regime: self._lesson(regime, seed) for regime in taught}
        rows = self.add(
            f"shared rows, seed {seed}",
            "shared_rows",
            {"max_dropped": self.recipe.max_dropped, "questions": self._question_count()},
            {regime: lesson for regime, lesson in lessons.items() if not REGIMES[regime].source.hidden},
            cost=0.1,
        )
        self.experiment.rows[seed] = rows
        for regime in taught:
            student = self._student(regime, seed, self.experiment.lessons[regime, seed], rows)
            self._score(regime, seed, student)

    def _reasoning_model(self, side: str) -> Stage:
        model: LabModel = getattr(self.recipe, side)
        params = {
            "split": f"{side}_train",
            "examples_per_family": model.examples_per_family,
            "steps": list(model.steps),
            "training": model.training.model_dump(),
            "seed": 0,
        }
        cost = _training_cost(len(FAMILIES) * model.examples_per_family, model.training.epochs)
        stage = self.add(side, "lab_model", params, {"base": self.base}, cost)
        self.experiment.models[side, None] = stage
        return stage

    def _questions(self, side: str) -> Stage:
        asked = self.recipe.questions
        params = {"split": side, "per_family": asked.per_family, "steps": list(asked.steps), "seed": 0}
        return self.add(f"questions for the {side}", "lab_questions", params, {}, cost=1)

    def _transcripts(self, side: str, model: Stage, questions: Stage, which: str, second: bool = False) -> Stage:
        sampling = self.recipe.sampling
        if second:
            warmer = {"temperature": self.recipe.faithfulness.second_temperature, "seed": sampling.seed + 1}
            sampling = sampling.model_copy(update=warmer)
        params = {"sampling": sampling.model_dump()}
        inputs = {"model": model, "questions": questions}
        cost = _writing_cost(self._question_count())
        return self.add(f"{side} answers {which}", "transcripts", params, inputs, cost)

    def _disclosures(self, side: str, transcripts: Stage) -> Stage:
        params = {"policy": self.recipe.policy.model_dump()}
        return self.add(f"{side}'s disclosures", "disclosures", params, {"transcripts": transcripts}, cost=0.1)

    def _inverter(self, with_summary: bool, seed: int, transcripts: Stage, disclosures: Stage) -> Stage:
        params = {
            "with_summary": with_summary,
            "training": self.recipe.inverter.model_dump(),
            "max_dropped": self.recipe.max_dropped,
            "seed": seed,
        }
        inputs: Inputs = {"base": self.base, "transcripts": transcripts, "disclosures": disclosures}
        name = f"inverter {_summary(with_summary)}, seed {seed}"
        cost = _training_cost(self._question_count(), self.recipe.inverter.epochs)
        stage = self.add(name, "inverter", params, inputs, cost)
        self.experiment.models[f"inverter {_summary(with_summary)}", seed] = stage
        return stage

    def _inversions(self, with_summary: bool, seed: int, inverter: Stage, disclosures: Stage) -> Stage:
        sampling = self.recipe.sampling.model_copy(update={"seed": seed})
        params = {"with_summary": with_summary, "sampling": sampling.model_dump(), "taught": True}
        inputs = {"model": inverter, "disclosures": disclosures}
        name = f"inversion {_summary(with_summary)}, seed {seed}"
        return self.add(name, "inversions", params, inputs, _writing_cost(self._question_count()))

    def _zero_shot(self, disclosures: Stage, hidden: Stage) -> None:
        """The inverter that was only prompted: the base itself, the same for all seeds."""
        params = {
            "with_summary": self._discloses_summary(),
            "sampling": self.recipe.sampling.model_dump(),
            "taught": False,
        }
        inputs: Inputs = {"model": self.base, "disclosures": disclosures}
        stage = self.add("inversion zero-shot", "inversions", params, inputs, _writing_cost(self._question_count()))
        self.sources[REGIMES[ZERO_SHOT].source] = stage
        self._faithfulness(ZERO_SHOT, None, stage, hidden)
        self._likelihood(ZERO_SHOT, None, self.base, disclosures, hidden)

    def _faithfulness(self, regime: str, seed: int | None, inversions: Stage, hidden: Stage) -> None:
        inputs = {"inversions": inversions, "transcripts": hidden}
        params = {"draws": self.recipe.faithfulness.draws, "seed": seed or 0}
        stage = self.add(f"faithfulness of {_which(regime, seed)}", "faithfulness", params, inputs, cost=8)
        self.measured.setdefault(regime, {})[seed] = stage

    def _likelihood(
        self, regime: str, seed: int | None, model: Stage | External, disclosures: Stage, hidden: Stage
    ) -> None:
        """Bits of the hidden traces; the surrogate is asked as students are, which is how it was taught."""
        surrogate = regime == "surrogate"
        shown = ["question"] if surrogate else ["question", "answer", "summary"][: 2 + self._discloses_summary()]
        asked = self.recipe.faithfulness.likelihood_traces
        params = {"shown": shown, "as_inverter": not surrogate, "questions": asked}
        inputs: Inputs = {"model": model, "disclosures": disclosures, "transcripts": hidden}
        cost = 0.006 * len(shown) * min(asked, self._question_count())
        stage = self.add(f"likelihood under {_which(regime, seed)}", "likelihood", params, inputs, cost)
        self.experiment.likelihood[regime, seed] = stage

    def _style(self, taught: Stage, used: Stage) -> None:
        """How unlike what they are taught on is what the inverters are used on."""
        if self._discloses_summary():
            inputs = {"taught": taught, "used": used}
            self.experiment.style = self.add("style of the summaries", "style", {"seed": 0}, inputs, cost=3)

    def _calibrate(self, second: Stage, hidden: Stage) -> None:
        """Each inverter's place between its floor and the ceiling, which is the same for all."""
        inputs = {"second": second, "transcripts": hidden}
        ceiling = self.add("ceiling of faithfulness", "ceiling", {}, inputs, cost=2)
        for regime, seeds in self.measured.items():
            params = {"regime": regime, "seed": self.recipe.seeds[0]}
            stages: Inputs = {"ceiling": ceiling, **{f"seed {seed}": stage for seed, stage in seeds.items()}}
            stage = self.add(f"calibrated faithfulness of {regime}", "calibration", params, stages, cost=3)
            self.experiment.faithfulness[regime] = stage

    def _discloses_summary(self) -> bool:
        return self.recipe.policy.kind != "answer_only"

    def _lesson(self, regime: str, seed: int) -> Stage:
        params = {"regime": regime, "max_tokens": self.recipe.student.max_tokens, "seed": seed}
        inputs: Inputs = {"base": self.base, "source": self.sources[REGIMES[regime].source]}
        stage = self.add(f"lesson {regime}, seed {seed}", "lesson", params, inputs, cost=0.5)
        self.experiment.lessons[regime, seed] = stage
        return stage

    def _student(self, regime: str, seed: int, lesson: Stage, rows: Stage) -> Stage:
        params = {"training": self.recipe.student.model_dump(), "seed": seed}
        inputs: Inputs = {"base": self.base, "lesson": lesson, "rows": rows}
        cost = _training_cost(self._question_count(), self.recipe.student.epochs)
        stage = self.add(f"student {regime}, seed {seed}", "student", params, inputs, cost)
        self.experiment.models[regime, seed] = stage
        return stage

    def _score(self, name: str, seed: int | None, model: Stage | External) -> None:
        benchmark = self.recipe.benchmark
        cost = _writing_cost(len(benchmark.tasks) * (benchmark.limit or 200))
        sources = {task: source_digest(task) for task in benchmark.tasks}
        params = {**benchmark.model_dump(exclude={"data_dir"}), "sources": sources}
        inputs: Inputs = {"model": model, **({"data": self.data} if self.data else {})}
        stage = self.add(f"scores of {_which(name, seed)}", "scores", params, inputs, cost)
        self.experiment.scores[name, seed] = stage

    def _question_count(self) -> int:
        return len(FAMILIES) * self.recipe.questions.per_family


def _which(name: str, seed: int | None) -> str:
    return name if seed is None else f"{name}, seed {seed}"


def _summary(with_summary: bool) -> str:
    return "with summary" if with_summary else "without summary"


def _training_cost(examples: int, epochs: float) -> float:
    return 0.017 * examples * epochs


def _writing_cost(texts: int) -> float:
    return 0.03 * texts
