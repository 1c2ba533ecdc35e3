"""How many steps the lab's questions have."""

from typing import Annotated

from pydantic import AfterValidator

LONGEST = 8


def _in_order(steps: tuple[int, int]) -> tuple[int, int]:
    if not 1 <= steps[0] <= steps[1] <= LONGEST:
        raise ValueError(f"expected the fewest and the most steps, from 1 to {LONGEST}")
    return steps


StepRange = Annotated[tuple[int, int], AfterValidator(_in_order)]
"""The fewest and the most steps, both included."""
