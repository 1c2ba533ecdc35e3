"""Nodes of inverters, and of what they and others write where the target shows no trace."""

from typing import Any

from harness.faithfulness.reading import Part
from harness.pipeline.graph import InputArtifact, Node
from harness.pipeline.nodes.base import OF_INVERSION, OF_INVERTER, SURROGATE, TARGET, TESTER, Inputs
from harness.pipeline.nodes.disclosures import DisclosureNodes
from harness.pipeline.nodes.transcripts import asked_and_read
from traceinv.candidates import Asked
from traceinv.inversion import shown_part
from traceinv.regimes import Candidates, Inversions, inverters


class InversionNodes(DisclosureNodes):
    """Inverters, inverted traces and candidates."""

    def inverter(self, source: Inversions, seed: int | None) -> Node | InputArtifact:
        """Return a trained inverter, or for a prompted one the weights that it starts from."""
        inverter = self.recipe.inverter
        base = self._stated(self._weights("inverter", inverter), inverter)
        if not source.trained:
            return base
        with_summary = source.with_summary(self.policy.discloses_summary)
        params = {
            "with_summary": with_summary,
            "training": inverter.training,
            "max_dropped": self.recipe.max_dropped,
            "seed": seed,
            "trust_remote_code": inverter.trust_remote_code,
        }
        inputs: Inputs = {
            "base": base,
            "transcripts": self.surrogate_transcripts(SURROGATE),
            "disclosures": self.disclosed(SURROGATE, with_summary),
        }
        shown, cost = "summary" if with_summary else "answer", self._training_cost(inverter.training.epochs)
        return self._add("inverter", params, inputs, TESTER, of=OF_INVERTER, shown=shown, seed=seed, cost=cost)

    def inversions(self, source: Inversions, seed: int | None, exchanged: Part | None = None) -> Node:
        """Return the traces that an inverter wrote; the seed is None for a prompted inverter.

        Args:
            exchanged: the part of the disclosures that is another question's, for the reading test.
        """
        params = {
            "with_summary": source.with_summary(self.policy.discloses_summary),
            "sampling": self.recipe.sampling.model_copy(update={} if seed is None else {"seed": seed}),
            "trained": source.trained,
            "prompt": "short" if source.trained else self.recipe.inverter.zero_shot_prompt,
            "trust_remote_code": self.recipe.inverter.trust_remote_code,
        }
        shown = self.disclosed(TARGET, bool(params["with_summary"]))
        shown = self.exchanged(exchanged, shown) if exchanged else shown
        inputs: Inputs = {"model": self.inverter(source, seed), "disclosures": shown}
        asked = self.recipe.faithfulness.reading_questions if exchanged else self.recipe.questions.size()
        labels = {"regime": _regime_of(source), "seed": seed, "exchanged": exchanged}
        return self._write("inversions", params, inputs, TESTER, OF_INVERSION, asked, **labels)

    def candidates(self, source: Candidates, seed: int) -> Node:
        """Return several replies to each question, written by the student, the surrogate or an inverter."""
        with_summary = source.with_summary(self.policy.discloses_summary)
        asked, model = self._writer(source, with_summary, seed)
        settings = self.recipe.candidates
        sampling = self.recipe.sampling.model_copy(update={"temperature": settings.temperature, "seed": seed})
        params = {"asked": asked, "count": settings.count, "sampling": sampling}
        params |= self._candidate_reading(source)
        inputs: Inputs = {"model": model, "disclosures": self.disclosed(TARGET, with_summary)}
        replies = settings.count * self.recipe.questions.size()
        labels = {"writer": source.writer, "seed": seed}
        return self._write("candidates", params, inputs, TESTER, OF_INVERSION, replies, **labels)

    def _writer(self, source: Candidates, with_summary: bool, seed: int) -> tuple[Asked, Node | InputArtifact]:
        """Return what is asked for candidates, and the model that is asked."""
        match source.writer:
            case "student":
                return "question", self.base
            case "surrogate":
                return "hint", self.reasoning_model(SURROGATE)
            case "inverter":
                inverter = Inversions(shown="summary" if with_summary else "answer", trained=True)
                return shown_part(with_summary), self.inverter(inverter, seed)

    def _candidate_reading(self, source: Candidates) -> dict[str, Any]:
        """Return how the writer of candidates is loaded, asked and read."""
        match source.writer:
            case "surrogate":
                return asked_and_read(self.surrogate) | {"trust_remote_code": self._trusts(SURROGATE)}
            case "student":
                untaught = self.student_model
                return untaught.model_dump(include={"reads", "instruction", "trust_remote_code"})
            case "inverter":
                return {"trust_remote_code": self.recipe.inverter.trust_remote_code}

    def seeds_of(self, source: Inversions) -> list[int | None]:
        """List the seeds of an inverter; a prompted one has none."""
        return [*self.recipe.seeds] if source.trained else [None]


def _regime_of(source: Inversions) -> str:
    """Return the regime that teaches an inverter's traces unchanged."""
    return next(name for name, other in inverters().items() if other == source)
