"""The findings of a run in a few sentences, made from its figures alone."""

from collections.abc import Iterable, Sequence

from harness.benchmarks.catalog import DOMAINS
from harness.benchmarks.groups import ALL
from harness.results.cells import cell_labels
from harness.results.schema import Contrast, Interval, LeakRow, RecoveryRow, Row, TestedDifference
from harness.results.text import confidence, listed, number, percent, points
from traceinv.regimes import inverters

SIGNIFICANT = 0.05
ONE_SEED = (
    "With one seed, a comparison is about these two students: its interval covers other questions, not the differences between "
    "training runs."
)


def verdict(
    rows: Sequence[Row],
    contrasts: Sequence[Contrast],
    recovery: Sequence[RecoveryRow],
    leak: Sequence[LeakRow] = (),
) -> str:
    """State how the students of inverted traces compare with the regimes that they are contrasted with.

    One sentence a cell and regime, on the math tasks, else on the code tasks, else on all tasks; and one on the leak of each
    cell. A run without inverted traces gets the accuracies of its regimes instead.
    """
    taught = [row for row in rows if row.kind == "regime"]
    group = headline_group(taught)
    methods = [row for name in inverters() for row in taught if row.name == name and group in row.scores]
    labels = cell_labels(row.cell for row in taught)
    sentences = []
    for cell, label in labels.items():
        where = f"On {group_name(group)} ({label})" if label else f"On {group_name(group)}"
        reached = {
            row.name: row.scores[group].accuracy.mean for row in taught if row.cell == cell and group in row.scores
        }
        if methods:
            sentences += [
                f"{where}, {row.name} ({percent(reached[row.name])}) "
                f"{_findings(row, group, reached, contrasts, recovery)}."
                for row in methods
                if row.cell == cell
            ]
        elif reached:
            figures = listed([f"{name} {percent(accuracy)}" for name, accuracy in reached.items()])
            sentences.append(f"{where}, the accuracies are: {figures}.")
        sentences += [_leaked(figure, where) for figure in leak if (figure.cell, figure.group) == (cell, group)]
    if not methods:
        sentences.insert(0, "This run trains no student on inverted traces.")
    if {len(row.seeds) for row in taught if row.seeds} == {1}:
        sentences.append(ONE_SEED)
    return " ".join(sentences)


def headline_group(rows: Iterable[Row]) -> str:
    """Choose the group of tasks that the findings are stated on: the first domain that a row has a score on, else all."""
    scored = {group for row in rows for group in row.scores}
    return next((domain for domain in DOMAINS if domain in scored), ALL)


def group_name(group: str) -> str:
    """Name a group of tasks in a sentence."""
    return "all tasks" if group == ALL else group


def is_significant(contrast: TestedDifference) -> bool:
    """Return whether the interval excludes 0 and the corrected p-value is below 0.05."""
    return excludes_zero(contrast.difference) and contrast.p_holm < SIGNIFICANT


def excludes_zero(interval: Interval) -> bool:
    """Return whether an interval excludes 0."""
    return not interval.low <= 0 <= interval.high


def _findings(
    row: Row, group: str, reached: dict[str, float], contrasts: Sequence[Contrast], recovery: Sequence[RecoveryRow]
) -> str:
    """Compare one regime of a cell with each regime that it is contrasted with, and state its recovery."""
    against = [
        contrast
        for contrast in contrasts
        if (contrast.first, contrast.group, contrast.cell) == (row.name, group, row.cell) and contrast.second in reached
    ]
    by_outcome: dict[str, list[str]] = {}
    for contrast in sorted(against, key=lambda contrast: not is_significant(contrast)):
        outcome = _outcome(contrast, len(contrasts))
        by_outcome.setdefault(outcome, []).append(_figures(contrast, reached[contrast.second]))
    clauses = [f"{outcome} {listed(figures)}" for outcome, figures in by_outcome.items()]
    clauses = clauses or ["is compared with no other regime"]
    return "; it ".join([*clauses, *_recovered(recovery, row, group)])


def _outcome(contrast: TestedDifference, count: int) -> str:
    verb = "is, for these two students," if contrast.one_seed else "is"
    if is_significant(contrast):
        return f"{verb} significantly {'above' if contrast.difference.mean > 0 else 'below'}"
    if excludes_zero(contrast.difference):
        return f"{verb} not significantly different, after Holm correction over {count} comparisons, from"
    return f"{verb} not significantly different from"


def _figures(contrast: Contrast, other: float) -> str:
    figures = f"{percent(other)}; {points(contrast.difference.mean)} points, {confidence(contrast.difference)}"
    if not is_significant(contrast):
        figures += f"; minimum detectable effect {number(100 * contrast.detectable, 1)} points"
    return f"{contrast.second} ({figures})"


def _recovered(recovery: Sequence[RecoveryRow], row: Row, group: str) -> list[str]:
    for figures in recovery:
        if (figures.regime, figures.group, figures.cell) == (row.name, group, row.cell):
            if figures.recovered is None:
                gap = f"{points(figures.gap.mean)} points, {confidence(figures.gap)}"
                return [f"has no recovery, since the oracle's gain over base is not significant ({gap})"]
            share = f"{percent(figures.recovered.mean)} ({confidence(figures.recovered)})"
            return [f"recovers {share} of the gain from base to oracle"]
    return []


def _leaked(row: LeakRow, where: str) -> str:
    """State the leak of a cell."""
    if row.leak is None:
        gap = f"{points(row.gap.mean)} points, {confidence(row.gap)}"
        return f"{where}, the leak is not reported: {row.withheld} ({gap})."
    return (
        f"{where}, disclosures leak {percent(row.leak.mean)} ({confidence(row.leak)}) of what the oracle gains over the best "
        "regime without disclosures."
    )
