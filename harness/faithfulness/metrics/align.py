"""Which steps of two traces correspond: in order by alignment, in any order by assignment."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Similarity = NDArray[np.float64]
"""(true steps x inverted steps): from 0, not the same step, to 1."""
Pairs = list[tuple[int, int]]
"""(position in the true trace, position in the inverted one), in the order of the true trace."""


def align(similarity: Similarity) -> Pairs:
    """The pairs, in order in both traces, whose similarities add up to the most (Needleman and Wunsch 1970; gaps are free)."""
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


def assign(similarity: Similarity) -> Pairs:
    """The pairs, each step in one at most, whose similarities add up to the most, whatever their order (Kuhn 1955).

    Of equal steps, those at like places go together.
    """
    from scipy.optimize import linear_sum_assignment

    rows, columns = similarity.shape
    pairs: Pairs = []
    for here, there in _components(similarity):
        apart = np.abs(here[:, None] / max(1, rows - 1) - there[None, :] / max(1, columns - 1))
        alike = similarity[np.ix_(here, there)]
        chosen = zip(*linear_sum_assignment(alike - 1e-6 * apart, maximize=True), strict=True)
        pairs += [(int(here[row]), int(there[column])) for row, column in chosen if alike[row, column] > 0]
    return sorted(pairs)


def _components(similarity: Similarity) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """(true steps, inverted steps) that have to do with each other: the time of one assignment of all grows with its cube."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    rows, columns = similarity.shape
    true_steps, steps = np.nonzero(similarity)
    linked = coo_array((np.ones(len(steps)), (true_steps, rows + steps)), shape=(rows + columns, rows + columns))
    count, labels = connected_components(linked, directed=False)
    order = np.argsort(labels, kind="stable")
    groups = np.split(order, np.searchsorted(labels[order], np.arange(1, count)))
    return [(group[group < rows], group[group >= rows] - rows) for group in groups if len(group) > 1]


NO_STEP_FIGURES: dict[str, float | None] = dict.fromkeys(("step_precision", "step_recall", "step_f1", "step_order"))


def step_figures(similarity: Similarity) -> dict[str, float | None]:
    """How many steps two traces share, and whether in the same order.

    Returns:
        `step_precision`, `step_recall`, `step_f1`: of the inverted steps, of the true ones, and their harmonic mean: how many
        are aligned in order. 0 where either trace has none.
        `step_order`: Kendall's tau-b (Kendall 1945) of the places of the steps that both have, in whatever order; None where
        they share fewer than two.
    """
    rows, columns = similarity.shape
    aligned = len(align(similarity)) if rows and columns else 0
    order = tuple(column for _, column in assign(similarity)) if aligned else ()
    return {
        "step_precision": aligned / columns if aligned else 0.0,
        "step_recall": aligned / rows if aligned else 0.0,
        "step_f1": 2 * aligned / (rows + columns) if aligned else 0.0,
        "step_order": _kendall(order) if len(order) > 1 else None,
    }


@lru_cache(10_000)
def _kendall(order: tuple[int, ...]) -> float:
    from scipy.stats import kendalltau

    return float(kendalltau(range(len(order)), order).statistic)
