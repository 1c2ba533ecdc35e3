"""Lab: disclose some steps of the trace among wrong versions of them."""

from functools import partial
from typing import Literal

from pydantic import Field

from traceinv.lab.disclosing import NOTHING, judged_lines, rank, wrong_versions
from traceinv.policies.base import Policy
from traceinv.records import Transcript


class Decoy(Policy):
    """Disclose every k-th step of a lab's trace, each among `wrong` versions of it with other outcomes.

    Which outcomes these are and where the true one stands is a hash of the question's id and the step.
    """

    kind: Literal["decoy"] = "decoy"
    k: int = Field(2, ge=1)
    wrong: int = Field(1, ge=1, le=6)

    def summary_of(self, transcript: Transcript) -> str | None:
        """Return the steps that are shown, each among wrong versions of it.

        Raises:
            InputError: the question is not one of the lab's.
        """
        lines = [line.text for line in judged_lines(self.kind, transcript)]
        shown = []
        for number, line in enumerate(lines[self.k - 1 :: self.k] or lines[:1]):
            versions = [line, *wrong_versions(line, self.wrong, f"{transcript.id} {number}")]
            shown += sorted(versions, key=partial(rank, f"{transcript.id} {number}"))
        return "\n".join(shown) or NOTHING
