"""Disclose the whole trace in other words."""

from typing import Literal

from traceinv.policies.prompted import Prompted, count_words


class Paraphrase(Prompted):
    """Disclose a paraphrase of the trace, of half to twice its length."""

    kind: Literal["paraphrase"] = "paraphrase"

    def misses(self, trace: str, text: str) -> float:
        ratio = count_words(text) / count_words(trace)
        return max(0.0, ratio - 2, 0.5 - ratio)
