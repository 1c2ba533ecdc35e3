"""Teach inverted traces together with the surrogate's own traces of the same questions, an example of each."""

from collections.abc import Sequence

from traceinv.records import Example, Inversion, Transcript
from traceinv.regimes.base import FROM_SUMMARY, Regime, SurrogateTraces, teach_inversions, teach_traces


def teach(inversions: Sequence[Inversion], transcripts: Sequence[Transcript], seed: int) -> list[Example]:
    """Teach both traces of each question that has both."""
    inverted, own = teach_inversions(inversions, seed), teach_traces(transcripts, seed)
    shared = {row.id for row in inverted} & {row.id for row in own}
    return [row for row in (*own, *inverted) if row.id in shared]


REGIME = Regime(
    "inverted_with_surrogate",
    "attack",
    57,
    FROM_SUMMARY,
    teach,
    beside=SurrogateTraces(),
    contrast_with=("surrogate_trace",),
    teaches="inverted traces together with the surrogate's own",
)
