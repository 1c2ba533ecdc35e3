"""How close inverted traces are to the true ones, beside the floor that traces of other questions reach."""

from collections.abc import Sequence
from statistics import fmean

from pydantic import BaseModel, ConfigDict

from harness.faithfulness.overlap import length_ratio, rouge, token_f1
from harness.faithfulness.steps import step_shares
from traceinv.records import Inversion, Question, Transcript
from traceinv.regimes import mismatched_traces

__all__ = ["Faithfulness", "compare", "measure"]


class Faithfulness(BaseModel):
    """Figures averaged over pairs.

    Attributes:
        pairs: inverted traces that are finished and whose true trace is known.
        inverted: each figure for the pairs.
        floor: the same figures when each truth is paired with the inverted trace of another question of the same kind
            and like length; what text of the right form reaches without any reasoning having leaked.
        by_pair: each figure for each question, in the order of `ids`.
    """

    model_config = ConfigDict(extra="forbid")

    pairs: int
    inverted: dict[str, float]
    floor: dict[str, float]
    ids: list[str]
    by_pair: dict[str, list[float]]
    floor_by_pair: dict[str, list[float]]


def compare(question: Question, truth: str, inverted: str) -> dict[str, float]:
    """All figures for one pair."""
    return {
        "length_ratio": length_ratio(truth, inverted),
        "token_f1": token_f1(truth, inverted),
        **rouge(truth, inverted),
        **step_shares(question, truth, inverted),
    }


def measure(inversions: Sequence[Inversion], hidden: Sequence[Transcript], seed: int) -> Faithfulness:
    """Compare each finished inversion with the hidden trace of its question.

    Raises:
        ValueError: there is no pair to compare.
    """
    truths = {t.id: t.trace for t in hidden if t.complete and t.trace}
    finished = [i for i in inversions if i.trace and i.finish_reason == "stop" and i.id in truths]
    others = mismatched_traces(finished, seed)
    pairs = [i for i in finished if i.id in others]
    if not pairs:
        raise ValueError("no finished inversion has a hidden trace to be compared with")
    figures = [compare(i.disclosure.question, truths[i.id], i.trace or "") for i in pairs]
    floors = [compare(i.disclosure.question, truths[i.id], others[i.id]) for i in pairs]
    return Faithfulness(
        pairs=len(pairs),
        inverted={name: fmean(row[name] for row in figures) for name in figures[0]},
        floor={name: fmean(row[name] for row in floors) for name in floors[0]},
        ids=[i.id for i in pairs],
        by_pair={name: [round(row[name], 6) for row in figures] for name in figures[0]},
        floor_by_pair={name: [round(row[name], 6) for row in floors] for name in floors[0]},
    )
