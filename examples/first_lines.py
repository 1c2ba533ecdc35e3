"""Disclose the beginning of the trace."""

from typing import Literal

from pydantic import Field

from traceinv.policies.base import Policy


class FirstLines(Policy):
    """Disclose the first lines of the trace."""

    kind: Literal["first_lines"] = "first_lines"
    lines: int = Field(2, ge=1)

    def summarise(self, trace: str) -> str | None:
        return "\n".join(trace.splitlines()[: self.lines])
