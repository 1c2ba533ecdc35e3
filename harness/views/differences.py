"""The table of differences between regimes, and the cells of any tested difference."""

from collections.abc import Iterable, Sequence

from harness.results.schema import Contrast, TestedDifference
from harness.results.significance import excludes_zero, is_significant, is_void
from harness.results.text import number, p_value, points_interval
from harness.results.verdict import group_name
from harness.stats.planning import MAX_QUESTIONS
from harness.views.tables import Column, Table, labels_of, with_cells


def contrast_table(contrasts: Sequence[Contrast], count: int | None = None) -> Table:
    """Build the table of differences between regimes.

    Args:
        count: the number of comparisons that p-values are corrected for; by default those shown.
    """
    count = len(contrasts) if count is None else count
    table = Table(
        title="Differences between regimes",
        columns=(Column("comparison (A - B)", "words"), Column("on", "name"), *difference_columns("A - B")),
        rows=tuple(
            (f"{contrast.first} - {contrast.second}", group_name(contrast.group), *difference_cells(contrast))
            for contrast in contrasts
        ),
        caption=difference_caption(count, contrasts),
    )
    return with_cells(table, labels_of([contrast.cell for contrast in contrasts]))


def difference_columns(name: str) -> tuple[Column, ...]:
    """Return the columns that `difference_cells` fills."""
    return (
        Column(name),
        Column("p (Holm)"),
        Column("significant"),
        Column("MDE"),
        Column("data needed", "words"),
    )


def difference_cells(difference: TestedDifference) -> tuple[str, ...]:
    """Write a tested difference as the cells of a row; one whose interval holds every difference is withheld."""
    if is_void(difference.difference):
        return ("withheld: too few questions", "", "", "", data_needed(difference))
    return (
        points_interval(difference.difference),
        "" if difference.one_seed else p_value(difference.p_holm),
        _significant(difference),
        number(100 * difference.detectable, 1),
        "" if is_significant(difference) else data_needed(difference),
    )


def difference_caption(count: int, differences: Iterable[TestedDifference]) -> str:
    """Explain the columns of tested differences.

    Args:
        count: the number of comparisons that p-values are corrected for.
        differences: those of the table.
    """
    one_seed = (
        " '1 seed': interval and test are about these students on other questions, not about other seeds, so no p is shown."
        if any(difference.one_seed for difference in differences)
        else ""
    )
    return (
        f"Differences on the same questions, in percentage points with 95% CI. p-values are corrected for {count} comparisons "
        "(Holm). A difference is significant where its interval excludes 0 and p is below 0.05; 'no (Holm)' marks an interval "
        "that excludes 0 with a corrected p above that. MDE: minimum detectable effect at 80% power, in points. "
        "data needed: how many more questions or seeds would detect the observed difference with 80% power." + one_seed
    )


def data_needed(difference: TestedDifference) -> str:
    """Say how much more data would detect the observed difference; empty where it rounds to no difference."""
    if number(100 * difference.difference.mean, 1) == "0.0":
        return ""
    wanted = ((difference.more_questions, "questions"), (difference.more_seeds, "seeds"))
    ways = [f"{more:,} {what}" for more, what in wanted if more]
    if not ways and any(more == 0 for more, _ in wanted):
        return ""
    return " or ".join(ways) if ways else f"over {MAX_QUESTIONS:,} questions"


def _significant(difference: TestedDifference) -> str:
    answer = "yes" if is_significant(difference) else "no (Holm)" if excludes_zero(difference.difference) else "no"
    return f"{answer}, 1 seed" if difference.one_seed else answer
