"""Disclose an answer that shows how it is worked out, as a tutor would write it, and no summary."""

from typing import ClassVar, Literal

from traceinv.policies.prompted import Prompted
from traceinv.records import Disclosure, Transcript


class WorkedAnswer(Prompted):
    """Disclose the answer with the working that a compressor writes from the trace. See `bare_answer` for the opposite."""

    discloses_summary: ClassVar[bool] = False
    changes_answer: ClassVar[bool] = True

    kind: Literal["worked_answer"] = "worked_answer"

    def shown(self, transcript: Transcript, summary: str | None) -> Disclosure:
        disclosure = super().shown(transcript, None)
        return disclosure.model_copy(update={"answer": f"{summary}\n\n{disclosure.answer}"})
