"""Teach the target's summaries in the place of a trace, and its answers."""

from collections.abc import Sequence

from traceinv.records import Disclosure, Example
from traceinv.regimes.base import Disclosures, Regime, example


def teach(disclosures: Sequence[Disclosure], seed: int) -> list[Example]:
    """Teach each summary between the markers; disclosures without one are skipped."""
    return [example(d.question, d.summary, d.answer) for d in disclosures if d.summary]


REGIME = Regime(
    "summary",
    "attack",
    20,
    Disclosures(shown="summary"),
    teach,
    contrast_with=("answer_only",),
    teaches="the target's summary in place of a trace, and its answer",
)
