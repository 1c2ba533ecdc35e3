"""Control: teach the surrogate's trace of another question, as long as the question's own inverted trace.

It has the length that the inverter writes and the form that the surrogate writes, and nothing of the question.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from random import Random

from traceinv.records import Example, Inversion, Transcript
from traceinv.regimes.base import FROM_SUMMARY, Regime, SurrogateTraces, example, finished

NEAREST = 4
"""From how many traces on either side of the wanted length one is drawn."""


def teach(inversions: Sequence[Inversion], transcripts: Sequence[Transcript], seed: int) -> list[Example]:
    """Give each question a trace of another question of its kind, drawn from those that are nearest in length.

    Lengths are in characters. A trace may be given to several questions. A question without another one of its kind is left out.
    """
    by_kind: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
    for transcript in transcripts:
        if transcript.complete and transcript.trace:
            by_kind[transcript.question.kind].append((len(transcript.trace), transcript.id, transcript.trace))
    ordered = {kind: sorted(rows) for kind, rows in by_kind.items()}
    rng = Random(seed)
    rows = []
    for inversion in finished(inversions):
        question = inversion.disclosure.question
        others = _nearest(ordered.get(question.kind, []), len(inversion.trace or ""), inversion.id)
        if others:
            rows.append(example(question, rng.choice(others), inversion.disclosure.answer))
    return rows


def _nearest(traces: Sequence[tuple[int, str, str]], length: int, own: str) -> list[str]:
    """Return the traces around a length, without that of the question itself."""
    at = bisect_left(traces, (length, "", ""))
    window = traces[max(0, at - NEAREST) : at + NEAREST]
    return [trace for _, identifier, trace in window if identifier != own]


REGIME = Regime(
    "inverted_length_matched",
    "control",
    78,
    FROM_SUMMARY,
    teach,
    beside=SurrogateTraces(),
    teaches="control: the surrogate's trace of another question, as long as the inverted one",
)
