"""Teach the target's answers, with nothing between the markers."""

from collections.abc import Sequence

from traceinv.records import Disclosure, Example
from traceinv.regimes.base import Disclosures, Regime, example


def teach(disclosures: Sequence[Disclosure], seed: int) -> list[Example]:
    """Teach each answer without a thought."""
    return [example(d.question, "", d.answer) for d in disclosures]


REGIME = Regime(
    "answer_only",
    "attack",
    10,
    Disclosures(shown="answer"),
    teach,
    teaches="the target's answers, with no reasoning",
)
