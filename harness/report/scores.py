"""Draw what students reach: accuracy by regime, recovery, and accuracy against the finished rate."""

from collections.abc import Iterable, Sequence

from harness.report import charts
from harness.report.charts import Dot, Spot
from harness.report.figure import Figure, describe_dots, share_dots
from harness.results.schema import Interval, LeakRow, RecoveryRow, Row, Score
from harness.results.text import number, percent, percent_interval
from harness.results.verdict import group_name
from harness.views.accuracies import accuracy_table, ending_table, in_order, task_table
from harness.views.leaks import leak_sides_table, leak_table, recovery_table

FINISHED = "Accuracy against finished rate"
FINISHED_CAPTION = (
    "An answer that reaches the token limit counts as wrong, so a student that writes too much can seem to reason "
    "badly. Students at the right finish their answers. On the dashed line every finished answer would be right: a point "
    "near the line fails mostly because answers do not finish, a point far below it because they are wrong."
)
ALL_FINISHED = 0.99
"""Share of finished answers from which on a plot over it would be one vertical line."""


def accuracy(rows: Sequence[Row]) -> Figure:
    """Draw the accuracy of the rows of a cell, a panel for each group of tasks."""
    ordered = in_order(rows)
    groups = shown_groups(rows[0].scores)
    dots = [_accuracy_dot(group, row, row.scores[group]) for group in groups for row in ordered if group in row.scores]
    wide, narrow = charts.draw_both(lambda width: charts.dots(dots, "accuracy (share of right answers)", width))
    return Figure(
        key="accuracy",
        title="Accuracy by regime",
        caption="The share of test questions that the students of each regime answer correctly. A dot is the mean over seeds and "
        "questions, its line the 95% interval. Small ticks are single seeds. Overlapping intervals do not show whether two "
        "regimes differ: the plot of differences tests each pair on the same questions. The target and the surrogate are shown "
        "for reference.",
        alt=describe_dots("Dot plot of accuracy with 95% intervals", dots),
        wide=wide,
        narrow=narrow,
        tables=(accuracy_table(ordered), task_table(ordered)),
    )


def finished(rows: Sequence[Row]) -> Figure:
    """Draw accuracy against the share of answers that ended before the token limit."""
    ordered = in_order(rows)
    if all(row.scores["all"].finished >= ALL_FINISHED for row in ordered):
        reason = f"No plot: at least {percent(ALL_FINISHED)} of the answers of each row are finished."
        return Figure("finished", FINISHED, FINISHED_CAPTION, tables=(ending_table(ordered),), missing=reason)
    spots = [_finished_spot(row.name, row.scores["all"]) for row in ordered]
    wide, narrow = charts.draw_both(
        lambda width: charts.scatter(spots, "finished answers", "accuracy, all tasks", width, diagonal=True)
    )
    return Figure(
        key="finished",
        title=FINISHED,
        caption=FINISHED_CAPTION,
        alt=f"Scatter plot of accuracy over the share of finished answers. {'; '.join(spot.tooltip for spot in spots)}.",
        wide=wide,
        narrow=narrow,
        tables=(ending_table(ordered),),
    )


def leak(rows: Sequence[LeakRow]) -> Figure:
    """Draw the leak of a cell: by all attacks, and by those that use no summary."""
    title = "Leak"
    caption = (
        "(best attack - best regime without disclosures) / (oracle - best regime without disclosures). At 0% the disclosures "
        "give nothing that a student could not learn from the surrogate alone; at 100% they give as much as the hidden traces. "
        "The best attack is chosen on other questions and seeds than its accuracy is read from."
    )
    if not rows:
        reason = "No plot: this record has no leak; it needs regimes with and without disclosures."
        return Figure("leak", title, caption, missing=reason)
    tables = (leak_table(rows), leak_sides_table(rows))
    groups = shown_groups(row.group for row in rows)
    dots = [dot for row in rows if row.group in groups for dot in _leak_dots(row)]
    if not dots:
        reason = "No plot: the leak is not reported; the table of what it compares says by how much the oracle gains."
        return Figure("leak", title, caption, tables=tables, missing=reason)
    wide, narrow = charts.draw_both(lambda width: charts.dots(dots, "share of the oracle's gain", width, marks=(0, 1)))
    return Figure("leak", title, caption, describe_dots("Dot plot of the leak", dots), wide, narrow, tables)


def recovery(rows: Sequence[RecoveryRow]) -> Figure:
    """Draw the share of the oracle's gain over base that each regime of a cell reaches."""
    title = "Recovery"
    caption = (
        "(regime - base) / (oracle - base): 0% is the accuracy of the untaught base, 100% that of students taught the hidden "
        "traces (oracle). It includes what students learn without any disclosure, so compare each regime with surrogate_trace. "
        "Recovery is not reported where the oracle's gain over base is not significant."
    )
    if not rows:
        reason = "No plot: this record has no recovery; it needs the regimes base and oracle."
        return Figure("recovery", title, caption, missing=reason)
    tables = (recovery_table(rows),)
    groups = shown_groups(row.group for row in rows)
    dots = [_recovery_dot(row, row.recovered) for row in rows if row.recovered and row.group in groups]
    if not dots:
        reason = "No plot: the oracle's gain over base is not significant, so no regime has a recovery."
        return Figure("recovery", title, caption, tables=tables, missing=reason)
    wide, narrow = charts.draw_both(lambda width: charts.dots(dots, "share of the oracle's gain", width, marks=(0, 1)))
    return Figure("recovery", title, caption, describe_dots("Dot plot of recovery", dots), wide, narrow, tables)


def shown_groups(names: Iterable[str]) -> list[str]:
    """List the groups of tasks that get a panel: `math` and `code`, or `all` where there are not both."""
    known = set(names)
    return ["math", "code"] if {"math", "code"} <= known else ["all"]


def _accuracy_dot(group: str, row: Row, score: Score) -> Dot:
    interval = score.accuracy
    seeds = score.by_seed if len(score.by_seed) > 1 else ()
    tooltip = f"{row.name}, {group_name(group)}: {percent_interval(interval)}"
    label = number(100 * interval.mean, 1)
    return Dot(group_name(group), row.name, interval.mean, interval.low, interval.high, label, tooltip, seeds)


def _recovery_dot(row: RecoveryRow, share: Interval) -> Dot:
    group = group_name(row.group)
    tooltip = f"{row.regime}, {group}: {percent_interval(share)} of the oracle's gain"
    return Dot(group, row.regime, share.mean, share.low, share.high, f"{number(100 * share.mean, 0)}%", tooltip)


def _leak_dots(row: LeakRow) -> list[Dot]:
    group = group_name(row.group)
    named = {"all attacks": row.leak, "without the summary": row.without_summary, "planted": row.planted}
    return share_dots((group, name, share) for name, share in named.items())


def _finished_spot(name: str, score: Score) -> Spot:
    interval = score.accuracy
    tooltip = f"{name}: {percent(score.finished)} finished, {percent_interval(interval)} right"
    return Spot(name, score.finished, interval.mean, interval.low, interval.high, tooltip)
