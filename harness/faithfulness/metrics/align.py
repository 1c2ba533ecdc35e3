"""Find which steps of two traces correspond: in order by alignment, in any order by assignment."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from harness.faithfulness.metrics.similarity import Merge, Similarity, Table

StepPairs = list[tuple[int, int]]
"""(position in the true trace, position in the inverted one), in the order of the true trace."""
Merged = Mapping[Merge, Mapping[tuple[int, int], float]]
STEP_FIGURES = ("step_precision", "step_recall", "step_f1", "step_order")
MIN_ORDERED = 5
"""Steps of prose that two traces must share before their order tells something."""


def step_figures(similarity: Similarity | None) -> dict[str, float | None]:
    """Measure how many steps two traces share, and whether in the same order.

    Args:
        similarity: of the steps; None where they were not compared, and then every figure is None.

    Returns:
        `step_precision`, `step_recall`, `step_f1`: the share of inverted steps that are aligned in order, the share of true
        steps, and their harmonic mean; 0 where one trace has no steps, None where neither has.
        `step_order`: Kendall's tau-b (Kendall 1945) between the positions of the steps that both traces have, in whatever
        order; None where they share fewer than two, or of prose fewer than `MIN_ORDERED` telling ones.
    """
    if similarity is None:
        return dict.fromkeys(STEP_FIGURES)
    rows, columns = similarity.table.shape
    if not rows and not columns:
        return dict.fromkeys(STEP_FIGURES)
    aligned = align(similarity.table, similarity.merged) if rows and columns else []
    precision = len({column for _, column in aligned}) / columns if aligned else 0.0
    recall = len({row for row, _ in aligned}) / rows if aligned else 0.0
    return {
        "step_precision": precision,
        "step_recall": recall,
        "step_f1": 2 * precision * recall / (precision + recall) if aligned else 0.0,
        "step_order": _order(similarity) if aligned else None,
    }


def align(table: Table, merged: Merged | None = None) -> StepPairs:
    """Return the pairs, in order in both traces, with the largest sum of similarities.

    Dynamic programming with free gaps (Needleman and Wunsch 1970). Several neighbouring steps of one trace may be aligned with
    one of the other (Gale and Church 1993); each of them is then in a pair, and the similarity counts for half the number of all
    these steps.
    """
    rows, columns = table.shape
    ends: dict[int, list[tuple[Merge, int, float]]] = {}
    """By the last true step: how many steps there are, the first inverted one, and the gain."""
    for merge, found in (merged or {}).items():
        for (row, column), alike in found.items():
            ends.setdefault(row + merge.rows - 1, []).append((merge, column, alike * sum(merge) / 2))
    best = np.zeros((rows + 1, columns + 1))
    for row in range(rows):
        taken = np.maximum(best[row, 1:], best[row, :-1] + table[row])
        for merge, column, gain in ends.get(row, ()):
            last = column + merge.columns - 1
            taken[last] = max(taken[last], best[row + 1 - merge.rows, column] + gain)
        best[row + 1, 1:] = np.maximum.accumulate(taken)
    pairs: StepPairs = []
    row, column = rows, columns
    while row and column:
        if best[row, column] == best[row, column - 1]:
            column -= 1
        elif best[row, column] == best[row - 1, column]:
            row -= 1
        else:
            count = _taken(best, row, column, ends.get(row - 1, ()))
            here, there = range(row - count.rows, row), range(column - count.columns, column)
            pairs += [(i, j) for i in reversed(here) for j in reversed(there)]
            row, column = row - count.rows, column - count.columns
    return pairs[::-1]


def _taken(best: Table, row: int, column: int, ends: Iterable[tuple[Merge, int, float]]) -> Merge:
    """Return how many steps were aligned with each other at the end of the first `row` and the first `column` steps."""
    for merge, start, gain in ends:
        if start + merge.columns == column and best[row, column] == best[row - merge.rows, start] + gain:
            return merge
    return Merge(1, 1)


def assign(similarity: Table) -> StepPairs:
    """Return the pairs in any order, each step in one pair at most, with the largest sum of similarities (Kuhn 1955).

    Among equal steps, those at similar relative positions are paired.
    """
    from scipy.optimize import linear_sum_assignment

    rows, columns = similarity.shape
    pairs: StepPairs = []
    for here, there in linked_steps(similarity):
        distance = np.abs(here[:, None] / max(1, rows - 1) - there[None, :] / max(1, columns - 1))
        alike = similarity[np.ix_(here, there)]
        chosen = zip(*linear_sum_assignment(alike - 1e-6 * distance, maximize=True), strict=True)
        pairs += [(int(here[row]), int(there[column])) for row, column in chosen if alike[row, column] > 0]
    return sorted(pairs)


def linked_steps(similarity: Table) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Split the steps into groups without any similarity between them: (true steps, inverted steps) of each group.

    Assigning each group by itself gives the same result as assigning all steps at once, whose time grows with the cube of
    their number.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    rows, columns = similarity.shape
    true_steps, steps = np.nonzero(similarity)
    linked = coo_array((np.ones(len(steps)), (true_steps, rows + steps)), shape=(rows + columns, rows + columns))
    count, labels = connected_components(linked, directed=False)
    order = np.argsort(labels, kind="stable")
    groups = np.split(order, np.searchsorted(labels[order], np.arange(1, count)))
    return [(group[group < rows], group[group >= rows] - rows) for group in groups if len(group) > 1]


def _order(similarity: Similarity) -> float | None:
    """Return the order of the shared steps that tell something of it; None where there are too few."""
    table, telling = similarity.table, similarity.telling
    if telling is not None:
        table = table[np.ix_(*telling)]
    order = tuple(column for _, column in assign(table)) if table.size else ()
    return _kendall(order) if len(order) >= (2 if telling is None else MIN_ORDERED) else None


@lru_cache(10_000)
def _kendall(order: tuple[int, ...]) -> float:
    from scipy.stats import kendalltau

    return float(kendalltau(range(len(order)), order).statistic)
