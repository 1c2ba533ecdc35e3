"""The plots of what students reach: accuracy by regime, recovery, and accuracy against finished rate."""

from collections.abc import Sequence

from harness.report import charts
from harness.report.charts import Dot, Spot
from harness.report.figure import Figure, Table, describe_dots, percent, percent_interval
from harness.results.schema import Interval, RecoveryRow, ResultRecord, Row, Score


def accuracy(record: ResultRecord) -> Figure:
    """Accuracy by regime, a panel for each group of tasks."""
    groups = _shown_groups(record.rows)
    rows = _ordered(record.rows)
    dots = [_accuracy_dot(group, row, row.scores[group]) for group in groups for row in rows if group in row.scores]
    wide, narrow = charts.draw_both(lambda width: charts.dots(dots, "accuracy (share of right answers)", width))
    columns = list(record.rows[0].scores)
    return Figure(
        key="accuracy",
        title="Accuracy by regime",
        words="How many test questions the students of each regime answer right. A dot is the mean over seeds and questions, its "
        "line the 95% interval: where two lines overlap widely, this run cannot tell the two regimes apart. Small ticks are "
        "single seeds. Target and surrogate are the models that the method starts from, for orientation.",
        alt=describe_dots("Dot plot of accuracy with 95% intervals", dots),
        wide=wide,
        narrow=narrow,
        table=Table(
            ("regime", *columns, "seeds", "questions"),
            [
                (
                    row.name,
                    *(percent_interval(row.scores[c].accuracy) if c in row.scores else "not asked" for c in columns),
                    _seed_count(row),
                    str(next(reversed(row.scores.values())).items),
                )
                for row in rows
            ],
        ),
    )


def finished(record: ResultRecord) -> Figure:
    """Accuracy against the share of answers that ended by themselves."""
    group = _widest(record.rows)
    rows = [row for row in _ordered(record.rows) if group in row.scores]
    scores = {row.name: row.scores[group] for row in rows}
    spots = [
        Spot(name, s.finished, s.accuracy.mean, s.accuracy.low, s.accuracy.high, _says(name, s))
        for name, s in scores.items()
    ]
    wide, narrow = charts.draw_both(
        lambda width: charts.scatter(spots, "finished answers", f"accuracy, {_group_name(group)}", width, diagonal=True)
    )
    return Figure(
        key="finished",
        title="Accuracy against finished rate",
        words="An answer that hits the token limit counts as wrong, so a student that rambles can look as if it reasoned badly. "
        "To the right: students that finish. The dashed line is the most that could be right if every finished answer were; a "
        "point close to it fails by not finishing, a point far below it fails by being wrong. The bounds in the table are the "
        "accuracy if every cut-off answer counted as wrong, and as right.",
        alt="Scatter plot of accuracy over the share of finished answers. "
        + "; ".join(
            f"{name}: {percent(s.finished)} finished, {percent(s.accuracy.mean)} right" for name, s in scores.items()
        ),
        wide=wide,
        narrow=narrow,
        table=Table(
            ("regime", "finished", "accuracy", "bounds", "no answer", "never closed", "bad format", "tokens an answer"),
            [(name, *_rates(score)) for name, score in scores.items()],
        ),
    )


def recovery(record: ResultRecord) -> Figure:
    """The share of the oracle's gain over base that each regime reaches."""
    title = "Recovery"
    words = (
        "How much of what the hidden traces can teach leaked: 0% is what the untaught base answers anyway, 100% what students of "
        "the true traces reach (oracle). Where the oracle's own gain cannot be told from nothing there is nothing to take a "
        "share of, and the figure is withheld."
    )
    rows = record.recovery
    if not rows:
        return Figure(
            "recovery", title, words, missing="No plot: this record has no recovery (it takes both base and oracle)."
        )
    table = Table(
        ("regime", "tasks", "recovery", "oracle less base"),
        [
            (
                row.regime,
                _group_name(row.group),
                percent_interval(row.recovered) if row.recovered else "withheld: the gain may be nothing",
                percent_interval(row.gap),
            )
            for row in rows
        ],
    )
    shown = _shown_groups(record.rows)
    dots = [_recovery_dot(row, row.recovered) for row in rows if row.recovered and row.group in shown]
    if not dots:
        reason = "No plot: withheld for every regime, since the oracle's gain over base may be nothing."
        return Figure("recovery", title, words, table=table, missing=reason)
    wide, narrow = charts.draw_both(lambda width: charts.dots(dots, "share of the oracle's gain", width, marks=(0, 1)))
    return Figure("recovery", title, words, describe_dots("Dot plot of recovery", dots), wide, narrow, table)


def _shown_groups(rows: Sequence[Row]) -> list[str]:
    """The groups of tasks that a run has; all tasks together where it has no more than one group."""
    groups: list[str] = [name for name in ("math", "code") if name in rows[0].scores]
    return groups if len(groups) > 1 else [_widest(rows)]


def _widest(rows: Sequence[Row]) -> str:
    scores = rows[0].scores
    return "all" if "all" in scores else next(reversed(scores))


def _group_name(group: str) -> str:
    return "all tasks" if group == "all" else group


def _ordered(rows: Sequence[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: row.kind != "regime")


def _accuracy_dot(group: str, row: Row, score: Score) -> Dot:
    found = score.accuracy
    seeds = score.by_seed if len(score.by_seed) > 1 else ()
    says = f"{row.name}, {_group_name(group)}: {percent_interval(found)}"
    return Dot(_group_name(group), row.name, found.mean, found.low, found.high, f"{100 * found.mean:.1f}", says, seeds)


def _recovery_dot(row: RecoveryRow, found: Interval) -> Dot:
    group = _group_name(row.group)
    says = f"{row.regime}, {group}: {percent_interval(found)} of the oracle's gain"
    return Dot(group, row.regime, found.mean, found.low, found.high, f"{100 * found.mean:.0f}%", says)


def _says(name: str, score: Score) -> str:
    return f"{name}: {percent(score.finished)} finished, {percent_interval(score.accuracy)} right"


def _rates(score: Score) -> tuple[str, ...]:
    return (
        percent(score.finished),
        percent_interval(score.accuracy),
        f"{100 * score.if_unfinished_wrong:.1f}% to {100 * score.if_unfinished_right:.1f}%",
        percent(score.no_answer),
        percent(score.unfinished),
        percent(score.bad_format),
        f"{score.mean_tokens:.0f}",
    )


def _seed_count(row: Row) -> str:
    return str(len(row.seeds)) if row.seeds else "the same for all"
