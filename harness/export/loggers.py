"""The figures of a record for the loggers that a user asked for; there are none by default."""

import os
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from harness.results.schema import ResultRecord
from traceinv.loggers import PROJECT, WANDB_PROJECT, chosen, prepare_wandb, tensorboard_folder


def figures_of(record: ResultRecord) -> dict[str, float]:
    """Return the accuracies, leaks and gains of a record, from 0 to 1, by names such as `half/accuracy/math/inverted`."""
    figures = {}
    for row in record.rows:
        for group, score in row.scores.items():
            figures[f"{row.cell.policy}/accuracy/{group}/{row.name}"] = score.accuracy.mean
    for leak in record.leak:
        for name, interval in (("leak", leak.leak), ("gain", leak.gain)):
            if interval is not None:
                figures[f"{leak.cell.policy}/{name}/{leak.group}"] = interval.mean
    return figures


def report_record(record: ResultRecord) -> None:
    """Send the figures of a record to the chosen loggers, as a run with the record's id."""
    figures = figures_of(record)
    for name in chosen():
        if name == "tensorboard":
            _write_for_tensorboard(record.id, figures)
        else:
            _send(name, record.id, figures)


def _write_for_tensorboard(run: str, figures: Mapping[str, float]) -> None:
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(log_dir=str(tensorboard_folder() / "record" / run)) as writer:
        for name, value in figures.items():
            writer.add_scalar(name, value)


def _send(name: str, run: str, figures: Mapping[str, float]) -> None:
    """Send figures with Trackio or Weights & Biases, which have the same functions."""
    prepare_wandb()
    logger: Any = import_module(name)
    logger.init(project=os.environ[WANDB_PROJECT] if name == "wandb" else PROJECT, name=run)
    logger.log(dict(figures))
    logger.finish()
