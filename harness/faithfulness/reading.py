"""Test whether an inverter reads what was disclosed: show it another question's part in the place of the right one.

The question stays and one part of the disclosure is replaced by that of another question of the same kind and of similar length.
If the inverted traces come no less close to the true ones, the inverter did not read that part. No student is needed.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

from harness.faithfulness.compare import columns, compare, read_trace
from harness.faithfulness.likelihood import evenly
from traceinv.pairing import swap_neighbours
from traceinv.records import Disclosure, Inversion, Transcript
from traceinv.schema import Closed

Part = Literal["answer", "summary", "tokens"]
FIGURES = ("step_f1", "rougeL", "token_f1", "true_steps")
"""The figures of faithfulness whose fall is measured; the first is the headline."""


class Reading(Closed):
    """Figures of traces inverted from right and from exchanged disclosures, on the questions for which both are finished.

    Attributes:
        asked: number of exchanged disclosures.
        ids: the questions.
        own, exchanged: each figure for each of `ids`; None where it is undefined.
        unchanged: whether the trace of each question is the same, letter for letter.
    """

    asked: int
    ids: list[str]
    own: dict[str, list[float | None]]
    exchanged: dict[str, list[float | None]]
    unchanged: list[bool]


def exchange(disclosures: Sequence[Disclosure], part: Part, limit: int, seed: int) -> list[Disclosure]:
    """Give disclosures the part of another question of the same kind, whose part is of similar length and not the same.

    Args:
        limit: how many disclosures to return at most, at even distances.
        seed: decides between parts of equal length.

    Returns:
        The disclosures with the exchanged part; those that lack the part, or find no other, are left out.
    """
    rows = [row for row in disclosures if getattr(row, part) is not None]
    shown = [getattr(row, part) for row in rows]
    donors = swap_neighbours([len(str(value)) for value in shown], [row.question.kind for row in rows], seed)
    exchanged = [
        rows[index].model_copy(update={part: shown[donor]})
        for index, donor in sorted(donors.items())
        if shown[index] != shown[donor]
    ]
    return evenly(exchanged, limit)


def compare_readings(own: Sequence[Inversion], exchanged: Sequence[Inversion], hidden: Sequence[Transcript]) -> Reading:
    """Compare the traces of right and of exchanged disclosures with the true ones."""
    truths = {row.id: row.trace for row in hidden if row.complete and row.trace}
    right = _finished(own)
    pairs = {key: (right[key], text) for key, text in _finished(exchanged).items() if key in right and key in truths}
    questions = {row.id: row.disclosure.question for row in exchanged}
    figures: list[tuple[Mapping[str, float | None], ...]] = []
    for key, texts in pairs.items():
        truth = read_trace(questions[key], truths[key] or "")
        both = (compare(questions[key], None, truth, read_trace(questions[key], text)) for text in texts)
        figures.append(tuple({name: found.get(name) for name in FIGURES} for found in both))
    return Reading(
        asked=len(exchanged),
        ids=list(pairs),
        own=columns([first for first, _ in figures]),
        exchanged=columns([second for _, second in figures]),
        unchanged=[first == second for first, second in pairs.values()],
    )


def _finished(inversions: Sequence[Inversion]) -> dict[str, str]:
    return {row.id: row.trace for row in inversions if row.trace and row.finish_reason == "stop"}
