"""Disclose an answer that shows how it is worked out, as a tutor would write it, and no summary."""

from typing import ClassVar, Literal

from traceinv.policies.prompted import Prompted
from traceinv.records import Disclosure, Transcript


class WorkedAnswer(Prompted):
    """Disclose the answer with the working that a compressor writes from the trace. See `bare_answer` for the opposite."""

    discloses_summary: ClassVar[bool] = False
    changes_answer: ClassVar[bool] = True

    kind: Literal["worked_answer"] = "worked_answer"

    def show(self, transcript: Transcript, text: str | None) -> Disclosure | None:
        disclosure = self.shown(transcript, None)
        return disclosure and disclosure.model_copy(update={"answer": f"{text}\n\n{disclosure.answer}"})
