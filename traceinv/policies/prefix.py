"""Disclose the beginning of the trace."""

from math import ceil
from typing import Literal

from pydantic import Field

from traceinv.policies.base import Policy, lines_of


class Prefix(Policy):
    """Disclose the first lines of the trace: the given share of them, rounded up."""

    kind: Literal["prefix"] = "prefix"
    share: float = Field(0.5, gt=0, le=1)

    def summarise(self, trace: str) -> str | None:
        lines = lines_of(trace)
        return "\n".join(lines[: ceil(self.share * len(lines))])
