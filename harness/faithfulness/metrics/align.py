"""Find which steps of two traces correspond: in order by alignment, in any order by assignment."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from harness.faithfulness.metrics.similarity import Similarity

StepPairs = list[tuple[int, int]]
"""(position in the true trace, position in the inverted one), in the order of the true trace."""
STEP_FIGURES = ("step_precision", "step_recall", "step_f1", "step_order")


def step_figures(similarity: Similarity | None) -> dict[str, float | None]:
    """Measure how many steps two traces share, and whether in the same order.

    Args:
        similarity: of the steps; None where they were not compared, and then every figure is None.

    Returns:
        `step_precision`, `step_recall`, `step_f1`: the share of inverted steps that are aligned in order, the share of true
        steps, and their harmonic mean; 0 where either trace has no steps.
        `step_order`: Kendall's tau-b (Kendall 1945) between the positions of the steps that both traces have, in whatever
        order; None where they share fewer than two.
    """
    if similarity is None:
        return dict.fromkeys(STEP_FIGURES)
    rows, columns = similarity.shape
    aligned = len(align(similarity)) if rows and columns else 0
    order = tuple(column for _, column in assign(similarity)) if aligned else ()
    return {
        "step_precision": aligned / columns if aligned else 0.0,
        "step_recall": aligned / rows if aligned else 0.0,
        "step_f1": 2 * aligned / (rows + columns) if aligned else 0.0,
        "step_order": _kendall(order) if len(order) > 1 else None,
    }


def align(similarity: Similarity) -> StepPairs:
    """Return the pairs, in order in both traces, with the largest sum of similarities.

    Dynamic programming with free gaps (Needleman and Wunsch 1970).
    """
    rows, columns = similarity.shape
    best = np.zeros((rows + 1, columns + 1))
    for row in range(rows):
        taken = np.maximum(best[row, 1:], best[row, :-1] + similarity[row])
        best[row + 1, 1:] = np.maximum.accumulate(taken)
    pairs = []
    row, column = rows, columns
    while row and column:
        if best[row, column] == best[row, column - 1]:
            column -= 1
        elif best[row, column] == best[row - 1, column]:
            row -= 1
        else:
            row, column = row - 1, column - 1
            pairs.append((row, column))
    return pairs[::-1]


def assign(similarity: Similarity) -> StepPairs:
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


def linked_steps(similarity: Similarity) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
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


@lru_cache(10_000)
def _kendall(order: tuple[int, ...]) -> float:
    from scipy.stats import kendalltau

    return float(kendalltau(range(len(order)), order).statistic)
