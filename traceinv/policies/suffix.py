"""Disclose the end of the trace."""

from math import ceil
from typing import Literal

from pydantic import Field

from traceinv.policies.base import Policy, lines_of


class Suffix(Policy):
    """Disclose the last lines of the trace: the given share of them, rounded up."""

    kind: Literal["suffix"] = "suffix"
    share: float = Field(0.5, gt=0, le=1)

    def summarise(self, trace: str) -> str | None:
        lines = lines_of(trace)
        return "\n".join(lines[len(lines) - ceil(self.share * len(lines)) :])
