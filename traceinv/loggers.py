"""Where training sends its losses: nowhere, unless a user asks for a logger; then through transformers' `report_to`.

A logger gets losses, learning rates, settings of the training and sizes of the model. It gets no question, no trace, no answer,
no weights and no key. Which loggers there are is no part of a stage's key: they do not change the weights.
"""

import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from traceinv.errors import InputError, nearest

VARIABLE = "TRACEINV_REPORT_TO"
"""The environment variable with the chosen loggers, joined by commas; worker processes inherit it."""
LOGGERS = ("tensorboard", "trackio", "wandb")
"""The loggers by the names that transformers gives them, which are those of their packages."""
PROJECT = "traceinv"
WANDB_PROJECT = "WANDB_PROJECT"
"""The variable with the project at Weights & Biases."""
TENSORBOARD_FOLDER = "TENSORBOARD_LOGGING_DIR"
"""The variable by which transformers is told the folder of one training's files."""
FOLDER_VARIABLE = "TRACEINV_TENSORBOARD"
"""The variable with the folder of all of them."""
DEFAULT_FOLDER = Path("runs/tensorboard")
LOSSES_ALONE = {
    "WANDB_LOG_MODEL": "false",
    "WANDB_WATCH": "false",
    "WANDB_CONSOLE": "off",
    "WANDB_DISABLE_CODE": "true",
    "WANDB_DISABLE_GIT": "true",
}
"""Keeps Weights & Biases from weights, gradients, printed text, source code and the repository."""


def choose(names: Sequence[str]) -> None:
    """Let this process and its workers report to these loggers.

    Raises:
        InputError: a logger is unknown or not installed.
    """
    for name in names:
        if name not in LOGGERS:
            raise InputError(f"--report-to: unknown logger {name!r}{nearest(name, LOGGERS)}")
        if importlib.util.find_spec(name) is None:
            raise InputError(f"--report-to {name}: not installed; run: pip install {name}")
    os.environ[VARIABLE] = ",".join(dict.fromkeys(names))
    os.environ.setdefault(FOLDER_VARIABLE, os.environ.get(TENSORBOARD_FOLDER) or str(DEFAULT_FOLDER))


def chosen() -> list[str]:
    """Return the names of the chosen loggers."""
    return [name for name in os.environ.get(VARIABLE, "").split(",") if name]


def tensorboard_folder() -> Path:
    """Return TensorBoard's folder: `TENSORBOARD_LOGGING_DIR` where the user sets it, else `runs/tensorboard`."""
    return Path(os.environ.get(FOLDER_VARIABLE) or DEFAULT_FOLDER)


def reporting(run: str) -> dict[str, Any]:
    """Return the arguments of transformers' `TrainingArguments` with which a training reports, and prepare the loggers.

    Args:
        run: the training's name there, such as `student/d384f056e7fb`.
    """
    names = chosen()
    if not names:
        return {"report_to": "none"}
    os.environ[TENSORBOARD_FOLDER] = str(tensorboard_folder() / run)
    prepare_wandb()
    return {"report_to": names, "run_name": run, "project": PROJECT, "trackio_static_space_id": False}


def prepare_wandb() -> None:
    """Name the project, unless the user has, and keep Weights & Biases from all but losses and figures."""
    os.environ.setdefault(WANDB_PROJECT, PROJECT)
    os.environ |= LOSSES_ALONE


def end_run() -> None:
    """End the run at a logger that would take the next training of this process for the same one."""
    if "wandb" in chosen() and "wandb" in sys.modules:
        sys.modules["wandb"].finish()
