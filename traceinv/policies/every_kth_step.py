"""Disclose every k-th step of the trace."""

from typing import Literal

from pydantic import Field

from traceinv.policies.base import Policy, lines_of


class EveryKthStep(Policy):
    """Disclose the k-th line of the trace, the 2k-th, and so on; the first line where the trace has fewer than k."""

    kind: Literal["every_kth_step"] = "every_kth_step"
    k: int = Field(2, ge=1)

    def summarise(self, trace: str) -> str | None:
        lines = lines_of(trace)
        return "\n".join(lines[self.k - 1 :: self.k] or lines[:1])
