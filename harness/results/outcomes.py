"""Tests of the differences between two sets of answers to the same items."""

from collections.abc import Container, Hashable, Mapping, Sequence
from dataclasses import asdict
from typing import TypeVar

from harness.results.items import Pairs
from harness.results.schema import TestedDifference
from harness.stats import Comparison, Scores, SeedVariance, compare, corrected, pool_seeds

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


def compare_pairs(
    jobs: Sequence[tuple[K, str, Pairs]], students: Mapping[K, str] | None = None, one_seed: Container[K] = ()
) -> dict[K, list[Outcome]]:
    """Compare paired scores; the p-values of all of them are corrected together (Holm).

    Args:
        jobs: what is compared, the group of tasks, and the scores.
        students: the student of things that are compared. Those with the same student share the variance between their seeds on
            each group of tasks.
        one_seed: things compared of which one side is a student of a single seed.

    Returns:
        The outcomes of each thing compared, in the order of its groups.
    """
    seeds = _seed_variances(jobs, students or {})
    comparisons = [
        compare(scores.second, scores.first, scores.strata, seeds.get(((students or {}).get(compared), group)))
        for compared, group, scores in jobs
    ]
    corrected_p = corrected(comparisons)
    outcomes: dict[K, list[Outcome]] = {}
    for (compared, group, scores), comparison, p_holm in zip(jobs, comparisons, corrected_p, strict=True):
        outcome = _outcome(group, scores, comparison, p_holm, compared in one_seed)
        outcomes.setdefault(compared, []).append(outcome)
    return outcomes


def _seed_variances(
    jobs: Sequence[tuple[K, str, Pairs]], students: Mapping[K, str]
) -> dict[tuple[str | None, str], SeedVariance | None]:
    """Pool the variance between seeds of each student and group of tasks."""
    pools: dict[tuple[str | None, str], list[tuple[Scores, list[str]]]] = {}
    for compared, group, scores in jobs:
        if compared in students:
            pool = pools.setdefault((students[compared], group), [])
            pool += [(scores.first, scores.strata), (scores.second, scores.strata)]
    return {key: pool_seeds(pool) for key, pool in pools.items()}


def _outcome(group: str, scores: Pairs, comparison: Comparison, p_holm: float, one_seed: bool) -> Outcome:
    return Outcome.model_validate(
        {
            **asdict(comparison),
            "p_holm": p_holm,
            "one_seed": one_seed,
            "group": group,
            "items": len(scores.strata),
            "left_out": scores.left_out,
            "first": float(scores.first.mean()),
            "second": float(scores.second.mean()),
        }
    )
