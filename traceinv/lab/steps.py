"""Which questions of the lab a recipe uses: of which families, with how many steps, and how many private ones among them."""

from typing import Annotated

from pydantic import AfterValidator

from traceinv.errors import nearest
from traceinv.lab.families import FAMILIES

LONGEST = 8
ALL_FAMILIES = tuple(FAMILIES)


def _in_order(steps: tuple[int, int]) -> tuple[int, int]:
    if not 1 <= steps[0] <= steps[1] <= LONGEST:
        raise ValueError(f"expected the fewest and the most steps, from 1 to {LONGEST}")
    return steps


def _private_in_order(steps: tuple[int, int]) -> tuple[int, int]:
    if not 0 <= steps[0] <= steps[1] <= LONGEST:
        raise ValueError(f"expected the fewest and the most private steps, from 0 to {LONGEST}")
    return steps


def _known(families: tuple[str, ...]) -> tuple[str, ...]:
    for name in families:
        if name not in FAMILIES:
            raise ValueError(f"unknown family {name!r}{nearest(name, FAMILIES)}")
    if not families or len(set(families)) < len(families):
        raise ValueError("expected at least one family, and none twice")
    return families


StepRange = Annotated[tuple[int, int], AfterValidator(_in_order)]
"""The fewest and the most steps, both included."""
PrivateRange = Annotated[tuple[int, int], AfterValidator(_private_in_order)]
"""The fewest and the most private steps, both included."""
NO_PRIVATE = (0, 0)
FamilyNames = Annotated[tuple[str, ...], AfterValidator(_known)]
"""Names of families, each once."""
