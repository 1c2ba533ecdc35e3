"""Nodes of what is measured of disclosures and of inverted traces."""

from harness.faithfulness.reading import Part
from harness.pipeline.graph import InputArtifact, Node
from harness.pipeline.nodes.base import JUDGE, OF_DISCLOSURES, OF_INVERSION, OF_TARGET, SURROGATE, TARGET, Inputs
from harness.pipeline.nodes.students import StudentNodes
from harness.stages.calibration import CEILING
from traceinv.inversion import Shown, shown_part
from traceinv.regimes import Inversions, inverters


class CellNodes(StudentNodes):
    """All nodes of one cell, those of its measurements included."""

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

    def likelihood(self, regime: str, seed: int | None) -> Node:
        """Return the bits of the hidden traces under a trained inverter or the surrogate; it is asked as it was trained."""
        as_inverter = regime != SURROGATE
        model = self.inverter(inverters()[regime], seed) if as_inverter else self.reasoning_model(SURROGATE)
        shown = [self.taught_part(regime)]
        asked = self.recipe.faithfulness.likelihood_traces
        trusted = self.recipe.inverter.trust_remote_code if as_inverter else self._trusts(SURROGATE)
        params = {"shown": shown, "as_inverter": as_inverter, "questions": asked, "trust_remote_code": trusted}
        shown_rows = self.disclosed(TARGET, shown == ["summary"])
        inputs: Inputs = {"model": model, "disclosures": shown_rows, "transcripts": self.hidden}
        cost = 0.006 * len(shown) * min(asked, self.recipe.questions.size())
        return self._add("likelihood", params, inputs, JUDGE, of=OF_INVERSION, regime=regime, seed=seed, cost=cost)

    def taught_part(self, regime: str) -> Shown:
        """Return the last part that a trained inverter, or the surrogate, is shown."""
        if regime == SURROGATE:
            return "question"
        return shown_part(inverters()[regime].with_summary(self.policy.discloses_summary))

    def exact_bits(self) -> Node:
        """Return the exact bits of the hidden traces, where they can be computed."""
        params = {"questions": self.recipe.faithfulness.likelihood_traces}
        inputs: Inputs = {"disclosures": self.shown, "transcripts": self.hidden}
        return self._add("exact_bits", params, inputs, JUDGE, of=OF_DISCLOSURES, cost=1)

    def utility(self) -> Node:
        """Return what the policy's disclosures are worth to their reader."""
        inputs: Inputs = {"disclosures": self.shown, "transcripts": self.hidden}
        return self._add("utility", {"seed": 0}, inputs, JUDGE, of=OF_DISCLOSURES, cost=3)

    def style(self) -> Node:
        """Return how different the summaries are that inverters are trained on and used on."""
        inputs = {"trained": self.taught, "used": self.shown}
        return self._add("style", {"seed": 0}, inputs, JUDGE, of=OF_INVERSION, cost=3)
