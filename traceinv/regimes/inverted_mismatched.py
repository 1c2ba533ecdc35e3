"""Control: teach each question the inverted trace of another one, with the right form and length and the wrong content."""

from collections.abc import Sequence

from traceinv.pairing import swap_neighbours
from traceinv.records import Example, Inversion
from traceinv.regimes.base import FROM_SUMMARY, Regime, example, finished


def teach(inversions: Sequence[Inversion], seed: int) -> list[Example]:
    """Teach each question the inverted trace of another question of its kind, with its own answer."""
    rows = finished(inversions)
    donors = mismatched_traces(rows, seed)
    return [example(i.disclosure.question, donors[i.id], i.disclosure.answer) for i in rows if i.id in donors]


def mismatched_traces(inversions: Sequence[Inversion], seed: int) -> dict[str, str]:
    """Give each question the inverted trace of another one, of the same kind and of similar length; by question id.

    Each trace is used once; a question that is alone in its kind is left out (see `swap_neighbours`).
    """
    rows = finished(inversions)
    texts = [row.trace or "" for row in rows]
    donors = swap_neighbours([len(text) for text in texts], [row.disclosure.question.kind for row in rows], seed)
    return {rows[index].id: texts[donor] for index, donor in donors.items()}


REGIME = Regime(
    "inverted_mismatched",
    "control",
    70,
    FROM_SUMMARY,
    teach,
    teaches="control: the inverted trace of another question, of similar length",
)
