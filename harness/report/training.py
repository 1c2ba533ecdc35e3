"""The plot of how every model of a run learned."""

from collections.abc import Mapping, Sequence
from typing import Any

from harness.report import charts
from harness.report.artifacts import RunArtifacts
from harness.report.charts import Curve
from harness.report.figure import Figure, Table

MOST_POINTS = 150


def training(run: RunArtifacts | str) -> Figure:
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
        return Figure(
            "training", title, words, missing="No plot: the store has no model of this run that logged its loss."
        )
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


def _losses(log: Mapping[str, Any]) -> list[tuple[float, float]]:
    losses = [(float(step), float(loss)) for step, loss in log.get("losses", [])]
    return losses[:: max(1, len(losses) // MOST_POINTS)]


def _curve(name: str, seed: int | None, losses: Sequence[tuple[float, float]]) -> Curve:
    """Students apart from the models that write traces."""
    writers = name in ("target", "surrogate") or name.startswith("inverter")
    says = name if seed is None else f"{name}, seed {seed}"
    return Curve("Target, surrogate and inverters" if writers else "Students", name, says, losses)
