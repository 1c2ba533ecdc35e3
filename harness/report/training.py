"""Draw the training curves of a run's models."""

from collections.abc import Mapping, Sequence
from typing import Any

from harness.pipeline.artifacts import RunArtifacts, StoredStage
from harness.report import charts
from harness.report.charts import Curve
from harness.report.figure import Figure
from harness.results.cells import differing_parts, parts_text
from harness.results.text import number
from harness.views.tables import Column, Table

MAX_POINTS = 150
"""The most points that are drawn of one curve."""
PANELS = {
    "student": "Students",
    "inverter": "Target, surrogate and inverters",
    "reasoning_model": "Target, surrogate and inverters",
}
"""The panel of each kind of stage that trains a model."""


def training(run: RunArtifacts | str) -> Figure:
    """Draw the loss of every model that a run trained; `run` may be a line that says why there are no artifacts."""
    title = "Training curves"
    caption = (
        "The loss on the training batches, one line for each model and seed. A line that still falls at its end means that "
        "more training would lower the loss further. Different regimes learn from different texts, so a lower line is not a "
        "better student."
    )
    if isinstance(run, str):
        return Figure("training", title, caption, missing=f"No plot: {run}; name the run's folder with --run.")
    trained = [stage for stage in run.stages if stage.kind in PANELS]
    parts = differing_parts(stage.labels for stage in trained)
    curves = [
        _curve(stage, parts, losses)
        for stage in sorted(trained, key=lambda stage: stage.kind == "student")
        if (losses := _losses(stage.artifact.log))
    ]
    if not curves:
        reason = "No plot: the store has no model of this run that logged its loss."
        return Figure("training", title, caption, missing=reason)
    wide, narrow = charts.draw_both(lambda width: charts.curves(curves, "training step", "loss", width))
    return Figure(
        key="training",
        title=title,
        caption=caption,
        alt=f"Line plot of the loss of {len(curves)} models; the table gives the first and the last loss of each.",
        wide=wide,
        narrow=narrow,
        tables=(_table(curves),),
    )


def _table(curves: Sequence[Curve]) -> Table:
    return Table(
        title="First and last loss",
        columns=(Column("model", "name"), Column("steps"), Column("first loss"), Column("last loss")),
        rows=tuple(
            (
                curve.tooltip,
                number(curve.points[-1][0], 0),
                number(curve.points[0][1], 3),
                number(curve.points[-1][1], 3),
            )
            for curve in curves
        ),
    )


def _losses(log: Mapping[str, Any]) -> list[tuple[float, float]]:
    """Read (step, loss) from a stage's log, thinned to about `MAX_POINTS`."""
    losses = [(float(step), float(loss)) for step, loss in log.get("losses", [])]
    return losses[:: max(1, len(losses) // MAX_POINTS)]


def _curve(stage: StoredStage, parts: Sequence[str], losses: Sequence[tuple[float, float]]) -> Curve:
    """Name a model's curve by its role or regime, and by the parts in which the run's models differ."""
    series = ", ".join(filter(None, (_model_name(stage), parts_text(stage.labels, parts))))
    tooltip = f"{series}, seed {stage.labels['seed']}" if "seed" in stage.labels else series
    return Curve(PANELS[stage.kind], series, tooltip, losses)


def _model_name(stage: StoredStage) -> str:
    """Name a model: a reasoning model by its role, an inverter by the last part it is shown, a student by its regime."""
    if stage.kind == "inverter":
        return f"inverter shown the {stage.labels.get('shown', 'disclosure')}"
    label = "role" if stage.kind == "reasoning_model" else "regime"
    return str(stage.labels.get(label, stage.kind))
