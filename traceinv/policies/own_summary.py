"""Disclose the summary that came with the reply."""

from typing import ClassVar, Literal

from traceinv.policies.base import Policy
from traceinv.records import Transcript


class OwnSummary(Policy):
    """Disclose the summary that a recorded target or an endpoint gave with its reply; a reply without one is not disclosed."""

    reads_trace: ClassVar[bool] = False
    reads_own_summary: ClassVar[bool] = True

    kind: Literal["own_summary"] = "own_summary"

    def summary_of(self, transcript: Transcript) -> str | None:
        return transcript.summary
