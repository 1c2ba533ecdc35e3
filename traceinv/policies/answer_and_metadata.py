"""Disclose the answer and how many tokens the reply took, as the usage statistics of many interfaces do."""

from typing import ClassVar, Literal

from traceinv.errors import InputError
from traceinv.policies.base import Policy
from traceinv.records import Transcript


class AnswerAndMetadata(Policy):
    """Disclose the answer and the number of generated tokens, and no summary.

    Attributes:
        rounded: whether the number is rounded down to a power of two.
    """

    discloses_summary: ClassVar[bool] = False
    discloses_tokens: ClassVar[bool] = True
    reads_trace: ClassVar[bool] = False

    kind: Literal["answer_and_metadata"] = "answer_and_metadata"
    rounded: bool = False

    def tokens_of(self, transcript: Transcript) -> int | None:
        """Return the number of tokens.

        Raises:
            InputError: the transcript does not say how many tokens it took.
        """
        if transcript.tokens is None:
            raise InputError(
                f"the policy {self.kind} discloses the tokens of a reply; "
                f"the transcript {transcript.id!r} has no number of tokens"
            )
        return 1 << max(transcript.tokens.bit_length() - 1, 0) if self.rounded else transcript.tokens
