"""Nodes of what target and surrogate disclose."""

from functools import cached_property
from typing import Any

from harness.faithfulness.reading import Part
from harness.pipeline.graph import InputArtifact, Node
from harness.pipeline.nodes.base import (
    HIDDEN,
    OF_DISCLOSURES,
    OF_INVERTER,
    SURROGATE,
    TARGET,
    TESTER,
    Inputs,
    writing_cost,
)
from harness.pipeline.nodes.transcripts import TranscriptNodes
from traceinv.policies import Policy
from traceinv.policies.answer_only import AnswerOnly
from traceinv.policies.prompted import Prompted
from traceinv.questions import Role


class DisclosureNodes(TranscriptNodes):
    """Disclosures of transcripts under the cell's policy."""

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

    def exchanged(self, part: Part, shown: Node) -> Node:
        """Return disclosures of which one part is another question's."""
        params = {"part": part, "questions": self.recipe.faithfulness.reading_questions, "seed": 0}
        inputs: Inputs = {"disclosures": shown}
        return self._add("exchanged", params, inputs, TESTER, of=OF_DISCLOSURES, exchanged=part, cost=0.1)

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
            "model": self._weights(f"policies.{self.cell.policy}", policy),
            "transcripts": transcripts,
        }
        of, side = (("target", "policy"), HIDDEN) if role == TARGET else (OF_INVERTER, TESTER)
        params: dict[str, Any] = {"engine": self.recipe.engine, "policy": policy}
        params["tensor_parallel"] = self.recipe.tensor_parallel
        cost = writing_cost(self.recipe.questions.size())
        return self._add("compressions", params, inputs, side, of=of, role=role, cost=cost)
