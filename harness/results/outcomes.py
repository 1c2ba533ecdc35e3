"""Tests of the differences between two sets of answers to the same items."""

from collections.abc import Hashable, Sequence
from dataclasses import asdict
from typing import TypeVar

from harness.results.items import Pairs
from harness.results.schema import TestedDifference
from harness.stats import Comparison, compare, holm

K = TypeVar("K", bound=Hashable)


class Outcome(TestedDifference):
    """The accuracies of two rows on one group of tasks, on the items that both answered; the difference is second - first.

    Attributes:
        items: the number of items compared.
        left_out: the number of items that one row lacks, or that could not be graded.
    """

    group: str
    items: int
    left_out: int
    first: float
    second: float


def compare_pairs(jobs: Sequence[tuple[K, str, Pairs]]) -> dict[K, list[Outcome]]:
    """Compare paired scores; the p-values of all of them are corrected together (Holm).

    Args:
        jobs: what is compared, the group of tasks, and the scores.

    Returns:
        The outcomes of each thing compared, in the order of its groups.
    """
    comparisons = [compare(scores.second, scores.first, scores.strata) for *_, scores in jobs]
    corrected = holm([comparison.p_value for comparison in comparisons])
    outcomes: dict[K, list[Outcome]] = {}
    for (compared, group, scores), comparison, p_holm in zip(jobs, comparisons, corrected, strict=True):
        outcomes.setdefault(compared, []).append(_outcome(group, scores, comparison, p_holm))
    return outcomes


def _outcome(group: str, scores: Pairs, comparison: Comparison, p_holm: float) -> Outcome:
    return Outcome.model_validate(
        {
            **asdict(comparison),
            "p_holm": p_holm,
            "group": group,
            "items": len(scores.strata),
            "left_out": scores.left_out,
            "first": float(scores.first.mean()),
            "second": float(scores.second.mean()),
        }
    )
