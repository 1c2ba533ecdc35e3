"""Disclose the answer alone."""

from typing import ClassVar, Literal

from traceinv.policies.base import Policy


class AnswerOnly(Policy):
    """Disclose the answer and no summary."""

    discloses_summary: ClassVar[bool] = False
    reads_trace: ClassVar[bool] = False

    kind: Literal["answer_only"] = "answer_only"
