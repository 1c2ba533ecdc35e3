"""Lab: disclose each private step with a probability, and nothing else."""

from typing import Literal

from pydantic import Field

from traceinv.lab.disclosing import NOTHING, judged_lines, rank
from traceinv.policies.base import Policy
from traceinv.records import Disclosure, Transcript


class Reveal(Policy):
    """Disclose each private step of a lab's trace with probability `p`, beside the answer.

    Which steps these are is a hash of the question's id and the step, so a larger `p` shows all that a smaller one shows. A
    trace of which no step is shown has the summary `-`.
    """

    kind: Literal["reveal"] = "reveal"
    p: float = Field(ge=0, le=1)

    def disclose(self, transcript: Transcript) -> Disclosure | None:
        """Return what the target shows of a transcript; None for one that is not complete.

        Raises:
            InputError: the question is not one of the lab's.
        """
        disclosure = super().disclose(transcript)
        if disclosure is None:
            return None
        private = [line.text for line in judged_lines(self.kind, transcript) if line.private]
        shown = [line for number, line in enumerate(private) if rank(transcript.id, number) < self.p]
        return disclosure.model_copy(update={"summary": "\n".join(shown) or NOTHING})

    def summarise(self, trace: str) -> str | None:
        return NOTHING
