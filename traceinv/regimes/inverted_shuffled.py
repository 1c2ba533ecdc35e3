"""Control: teach inverted traces with their lines in another order."""

from collections.abc import Sequence
from random import Random

from traceinv.records import Example, Inversion
from traceinv.regimes.base import FROM_SUMMARY, Regime, example, finished


def teach(inversions: Sequence[Inversion], seed: int) -> list[Example]:
    """Teach each inverted trace with its lines in an order drawn from the seed."""
    rng = Random(seed)
    rows = []
    for inversion in finished(inversions):
        lines = (inversion.trace or "").splitlines()
        rng.shuffle(lines)
        rows.append(example(inversion.disclosure.question, "\n".join(lines), inversion.disclosure.answer))
    return rows


REGIME = Regime(
    "inverted_shuffled",
    "control",
    75,
    FROM_SUMMARY,
    teach,
    teaches="control: inverted traces with their lines in another order",
)
