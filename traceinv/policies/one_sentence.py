"""Disclose one sentence of the trace, the one that it ends with."""

from typing import Literal

from traceinv.policies.base import Policy, lines_of
from traceinv.records import Transcript
from traceinv.steps import steps_of


class OneSentence(Policy):
    """Disclose the last step of the trace, which in most traces states what the reasoning came to."""

    kind: Literal["one_sentence"] = "one_sentence"

    def summary_of(self, transcript: Transcript) -> str | None:
        """Return the last step."""
        steps = [step.text for step in steps_of(transcript.question, transcript.trace or "")]
        return (steps or lines_of(transcript.trace or ""))[-1]
