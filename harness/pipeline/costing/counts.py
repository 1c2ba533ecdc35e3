"""Numbers of a dry run, and how sure they are."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum


class Surety(IntEnum):
    """How sure a number is; a number made of several is as sure as the least sure of them."""

    EXACT = 0
    AT_MOST = 1
    ABOUT = 2


@dataclass(frozen=True)
class Count:
    """A number of rows, tokens, steps or bytes."""

    value: int
    surety: Surety = Surety.EXACT

    def __add__(self, other: "Count") -> "Count":
        return Count(self.value + other.value, max(self.surety, other.surety))

    def times(self, factor: float) -> "Count":
        """Return a multiple, rounded to a whole number."""
        return Count(round(self.value * factor), self.surety)

    def words(self) -> str:
        """Write it for a person: `1,200`, `<=1,200` or `~1,200`; nothing for none."""
        return f"{('', '<=', '~')[self.surety]}{self.value:,}" if self.value else ""


NONE = Count(0)


def total(counts: Iterable[Count]) -> Count:
    """Add up numbers."""
    return sum(counts, NONE)
