"""Disclose the steps of the trace in another order, without the model's talk to itself."""

import re
from typing import Literal

from traceinv.digests import share_of
from traceinv.policies.base import Policy, lines_of
from traceinv.records import Transcript
from traceinv.steps import steps_of

_SELF_TALK = re.compile(
    r"(?:wait|hmm+|okay|ok|alright|oh|let me|let's|i should|i need|i think|maybe|actually|hold on)\b", re.IGNORECASE
)
"""How a step begins in which a model talks to itself."""


class Reordered(Policy):
    """Disclose all steps of the trace in an order that a hash of the question's id and the step decides.

    Attributes:
        self_talk: whether steps are kept that begin as a model talks to itself ("Wait", "Let me"). Where all do, all are kept.
    """

    kind: Literal["reordered"] = "reordered"
    self_talk: bool = False

    def summary_of(self, transcript: Transcript) -> str | None:
        """Return the steps, one a line."""
        trace = transcript.trace or ""
        steps = [" ".join(step.text.split()) for step in steps_of(transcript.question, trace)] or lines_of(trace)
        kept = [step for step in steps if self.self_talk or not _SELF_TALK.match(step)] or steps
        return "\n".join(sorted(kept, key=lambda step: share_of(f"{transcript.id}\n{step}")))
