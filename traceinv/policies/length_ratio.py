"""Disclose a summary whose length is a given share of the trace's."""

from math import log
from typing import ClassVar, Literal

from pydantic import Field

from traceinv.policies.prompted import Prompted, count_words


class LengthRatio(Prompted):
    """Disclose a summary of about `ratio` times the words of the trace.

    Attributes:
        tolerance: how far the ratio may be missed, as a share of it, before the compressor is asked again.
    """

    needs: ClassVar[tuple[str, ...]] = ("trace", "words")

    kind: Literal["length_ratio"] = "length_ratio"
    ratio: float = Field(0.1, gt=0, le=1)
    tolerance: float = Field(0.5, gt=0)

    def words(self, trace: str) -> int:
        return max(1, round(self.ratio * count_words(trace)))

    def misses(self, trace: str, text: str) -> float:
        wanted, found = self.words(trace), count_words(text)
        # Traces of a few words cannot be met to a fraction of a word.
        return 0.0 if abs(found - wanted) <= max(1.0, self.tolerance * wanted) else abs(log(found / wanted))
