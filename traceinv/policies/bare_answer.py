"""Disclose the result alone, without the words around it."""

from typing import ClassVar, Literal

from traceinv.answers import final_answer
from traceinv.policies.base import Policy
from traceinv.records import Disclosure, Transcript


class BareAnswer(Policy):
    """Disclose what the answer marks as final, its last box or what follows its last `####`, and no summary."""

    discloses_summary: ClassVar[bool] = False
    changes_answer: ClassVar[bool] = True
    reads_trace: ClassVar[bool] = False

    kind: Literal["bare_answer"] = "bare_answer"

    def shown(self, transcript: Transcript, summary: str | None) -> Disclosure:
        disclosure = super().shown(transcript, summary)
        return disclosure.model_copy(update={"answer": final_answer(disclosure.answer)})
