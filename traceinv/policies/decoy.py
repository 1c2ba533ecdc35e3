"""Lab: disclose some steps of the trace among wrong versions of them."""

from functools import partial
from typing import Literal

from pydantic import Field

from traceinv.lab.disclosing import NOTHING, judged_lines, rank, wrong_versions
from traceinv.policies.base import Policy
from traceinv.records import Disclosure, Transcript


class Decoy(Policy):
    """Disclose every k-th step of a lab's trace, each among `wrong` versions of it with other outcomes.

    Which outcomes these are and where the true one stands is a hash of the question's id and the step.
    """

    kind: Literal["decoy"] = "decoy"
    k: int = Field(2, ge=1)
    wrong: int = Field(1, ge=1, le=6)

    def disclose(self, transcript: Transcript) -> Disclosure | None:
        """Return what the target shows of a transcript; None for one that is not complete.

        Raises:
            InputError: the question is not one of the lab's.
        """
        disclosure = super().disclose(transcript)
        if disclosure is None:
            return None
        lines = [line.text for line in judged_lines(self.kind, transcript)]
        shown = []
        for number, line in enumerate(lines[self.k - 1 :: self.k] or lines[:1]):
            versions = [line, *wrong_versions(line, self.wrong, f"{transcript.id} {number}")]
            shown += sorted(versions, key=partial(rank, f"{transcript.id} {number}"))
        return disclosure.model_copy(update={"summary": "\n".join(shown) or NOTHING})

    def summarise(self, trace: str) -> str | None:
        return NOTHING
