"""The plots of one record: what each shows, in plain words, with the table behind it or the reason why there is none."""

from collections.abc import Mapping, Sequence
from typing import Any

from harness.leaderboard import FIGURES as NAMES
from harness.report import charts
from harness.report.artifacts import RunArtifacts
from harness.report.charts import Band, Curve, Dot, Spot
from harness.report.figure import Figure, Table, percent, percent_interval, plain_interval
from harness.results import FaithfulnessRow, ResultRecord, Row, Score

LENGTH = "length_ratio"
MOST_POINTS = 150


def record_figures(record: ResultRecord, run: RunArtifacts | str) -> list[Figure]:
    """Every plot of a record; `run` are its artifacts, or why there are none."""
    return [accuracy(record), finished(record), faithfulness(record), training(record, run)]


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
        alt=_alt("Dot plot of accuracy with 95% intervals", dots),
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
        words="An answer that hits the token limit counts as wrong, so a student that rambles can look as if it reasoned badly. To "
        "the right: students that finish. The dashed line is the most that could be right if every finished answer were; a "
        "point close to it fails by not finishing, a point far below it fails by being wrong. The bounds in the table are the "
        "accuracy if every cut-off answer counted as wrong, and as right.",
        alt="Scatter plot of accuracy over the share of finished answers. "
        + "; ".join(f"{name}: {percent(s.finished)} finished, {percent(s.accuracy.mean)} right" for name, s in scores.items()),
        wide=wide,
        narrow=narrow,
        table=Table(
            ("regime", "finished", "accuracy", "bounds", "no answer", "never closed", "bad format", "tokens an answer"),
            [(name, *_rates(score)) for name, score in scores.items()],
        ),
    )


def faithfulness(record: ResultRecord) -> Figure:
    """How close inverted traces are to the true ones, between floor and ceiling."""
    words = (
        "How close the inverted traces are to the hidden true ones, on several scales from 0 to 1. A figure means nothing by "
        "itself: text of the right form and length scores well above 0. The grey tick is that floor, the trace of another "
        "question held against the truth; the dark tick, where it was measured, is the ceiling, a second sample of the "
        "target's own. Only what lies above the floor can have leaked."
    )
    if not record.faithfulness:
        return Figure("faithfulness", "Faithfulness", words, missing="No plot: no regime of this run inverts traces.")
    bands = [_band(row, name) for row in record.faithfulness for name in row.inverted if name != LENGTH]
    wide, narrow = charts.draw_both(lambda width: charts.bands(bands, "0: nothing shared, 1: the same", width))
    return Figure(
        key="faithfulness",
        title="Faithfulness, with its floor and ceiling",
        words=words,
        alt=_alt("Dot plot of faithfulness figures with floors", bands),
        wide=wide,
        narrow=narrow,
        table=Table(
            ("figure", "inverter of", "inverted", "floor", "pairs"),
            [
                (NAMES.get(name, name), row.regime, plain_interval(found), plain_interval(row.floor[name]), str(row.pairs))
                for row in record.faithfulness
                for name, found in row.inverted.items()
            ],
        ),
    )


def training(record: ResultRecord, run: RunArtifacts | str) -> Figure:
    """Loss over steps of every model that the run trained."""
    words = (
        "The loss on the training batches, a line for each model and seed: how well a model predicts the text it is taught. A "
        "line that still falls at its end was stopped early; lines of different regimes learn different texts, so their heights "
        "do not rank them."
    )
    title = "Training curves"
    if isinstance(run, str):
        return Figure("training", title, words, missing=f"No plot: {run}; name the run's folder with --run.")
    lines = [
        _curve(name, seed, losses)
        for (name, seed), stage in run.experiment.models.items()
        if (artifact := run.of(stage)) and (losses := _losses(artifact.log))
    ]
    if not lines:
        return Figure("training", title, words, missing="No plot: the store has no model of this run that logged its loss.")
    wide, narrow = charts.draw_both(lambda width: charts.curves(lines, "training step", "loss", width))
    return Figure(
        key="training",
        title=title,
        words=words,
        alt=f"Line plot of {len(lines)} training runs; the table gives each line's first and last loss.",
        wide=wide,
        narrow=narrow,
        table=Table(
            ("model", "steps", "first loss", "last loss"),
            [
                (line.says, f"{line.points[-1][0]:.0f}", f"{line.points[0][1]:.3f}", f"{line.points[-1][1]:.3f}")
                for line in lines
            ],
        ),
    )


def _shown_groups(rows: Sequence[Row]) -> list[str]:
    """The groups of tasks that a run has; all tasks together where it has no more than one group."""
    groups = [name for name in ("math", "code") if name in rows[0].scores]
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


def _band(row: FaithfulnessRow, name: str) -> Band:
    found, floor = row.inverted[name], row.floor[name].mean
    says = f"{NAMES.get(name, name)}, {row.regime}: {plain_interval(found)}, floor {floor:.3f}"
    label = NAMES.get(name, name)
    return Band(row.regime, label, found.mean, found.low, found.high, f"{found.mean:.2f}", says, floor=floor)


def _losses(log: Mapping[str, Any]) -> list[tuple[float, float]]:
    losses = [(float(step), float(loss)) for step, loss in log.get("losses", [])]
    return losses[:: max(1, len(losses) // MOST_POINTS)]


def _curve(name: str, seed: int | None, losses: Sequence[tuple[float, float]]) -> Curve:
    """Students apart from the models that write traces."""
    writers = name in ("target", "surrogate") or name.startswith("inverter")
    says = name if seed is None else f"{name}, seed {seed}"
    return Curve("Target, surrogate and inverters" if writers else "Students", name, says, losses)


def _seed_count(row: Row) -> str:
    return str(len(row.seeds)) if row.seeds else "the same for all"


def _alt(what: str, dots: Sequence[Dot]) -> str:
    return f"{what}. {'; '.join(dot.says for dot in dots)}."
