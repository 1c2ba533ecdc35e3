"""Nodes of students: what they are taught, and how their responses are graded."""

from typing import Self

from harness.pipeline.graph import InputArtifact, Node
from harness.pipeline.nodes.base import (
    CELL_PARTS,
    HIDDEN,
    JUDGE,
    OF_STUDENT,
    OF_SURROGATE,
    OF_TARGET,
    SURROGATE,
    TARGET,
    TESTER,
    Inputs,
    writing_cost,
)
from harness.pipeline.nodes.inversions import InversionNodes
from harness.stages.examples import SOURCES
from harness.stages.shared_rows import DISCLOSURES, QUESTIONS
from traceinv.regimes import (
    BASE,
    REGIMES,
    Candidates,
    Disclosures,
    HiddenTraces,
    Inversions,
    Source,
    SurrogateTraces,
    is_partial,
    reads_hidden_traces,
)

ROW_PARTS = {TARGET: OF_TARGET, SURROGATE: OF_SURROGATE, BASE: OF_STUDENT}
"""The parts of a cell that models other than taught students belong to."""


class StudentNodes(InversionNodes):
    """Examples, students and grades."""

    def examples(self, regime: str, seed: int) -> Node:
        """Return the training examples of a regime."""
        model = self.student_model
        params = {"regime": regime, "max_tokens": model.training.max_tokens, "seed": seed}
        params["trust_remote_code"] = model.trust_remote_code
        sources = zip(SOURCES, REGIMES[regime].sources, strict=False)
        inputs: Inputs = {"base": self.base, **{name: self._source(source, seed) for name, source in sources}}
        return self._add("examples", params, inputs, _side(regime), regime=regime, seed=seed, cost=0.5)

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

    def _of_policy(self, policy: str) -> Self:
        """Return the nodes of the cell that differs from this one in its policy."""
        if policy == self.cell.policy:
            return self
        cell = self.cell.model_copy(update={"policy": policy})
        return type(self)(self.recipe, self.graph, cell, self.absent_ok)

    def student(self, regime: str, seed: int) -> Node:
        """Return a trained student."""
        training, after = self.student_model.training, REGIMES[regime].after
        inputs: Inputs = {
            "base": self.student(after, seed) if after else self.base,
            "examples": self.examples(regime, seed),
            "rows": self.shared_rows(seed),
        }
        cost = self._training_cost(training.epochs)
        params = {"training": training, "seed": seed, "partial": is_partial(regime)}
        params["trust_remote_code"] = self.student_model.trust_remote_code
        return self._add("student", params, inputs, _side(regime), regime=regime, seed=seed, cost=cost)

    def grades(self, row: str, seed: int | None) -> Node:
        """Return the graded responses of the model of a row; the seed is None where the model is the same for all seeds."""
        benchmark = self.recipe.benchmark
        params, of = {"benchmark": benchmark.asked()}, ROW_PARTS.get(row, CELL_PARTS)
        data = self.benchmark_data
        items = self._add("items", params, data, JUDGE, of=())
        cost = writing_cost(len(benchmark.tasks) * (benchmark.limit or 200))
        inputs: Inputs = {"model": self._model(row, seed), "items": items, **data}
        asked = params | {"trust_remote_code": self._trusts_row(row)}
        responses = self._add("responses", asked, inputs, JUDGE, of=of, regime=row, seed=seed, cost=cost)
        inputs = {"responses": responses, **data}
        return self._add("grades", params, inputs, JUDGE, of=of, regime=row, seed=seed, cost=cost / 10)

    def _trusts_row(self, row: str) -> bool:
        """Return whether Python code that comes with the model of a row may be run."""
        return self._trusts(row) if row in (TARGET, SURROGATE) else self.student_model.trust_remote_code

    def _model(self, row: str, seed: int | None) -> Node | InputArtifact:
        """Return the model that a row has the scores of."""
        if row == TARGET:
            return self.reasoning_model(TARGET)
        if row == SURROGATE:
            return self.reasoning_model(SURROGATE)
        return self.base if seed is None else self.student(row, seed)


def _decides_rows(regime: str) -> bool:
    """Return whether a regime has a say in which questions are taught: neither the oracle nor a partial one has."""
    return not reads_hidden_traces(regime) and not is_partial(regime)


def _side(regime: str) -> str:
    return HIDDEN if reads_hidden_traces(regime) else TESTER
