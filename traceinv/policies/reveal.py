"""Lab: disclose each private step with a probability, and nothing else."""

from typing import Literal

from pydantic import Field

from traceinv.lab.disclosing import NOTHING, judged_lines, rank
from traceinv.policies.base import Policy
from traceinv.records import Transcript


class Reveal(Policy):
    """Disclose each private step of a lab's trace with probability `p`, beside the answer.

    Which steps these are is a hash of the question's id and the step, so a larger `p` shows all that a smaller one shows. A
    trace of which no step is shown has the summary `-`.
    """

    kind: Literal["reveal"] = "reveal"
    p: float = Field(ge=0, le=1)

    def summary_of(self, transcript: Transcript) -> str | None:
        """Return the private steps that are shown.

        Raises:
            InputError: the question is not one of the lab's.
        """
        private = [line.text for line in judged_lines(self.kind, transcript) if line.private]
        shown = [line for number, line in enumerate(private) if rank(transcript.id, number) < self.p]
        return "\n".join(shown) or NOTHING
