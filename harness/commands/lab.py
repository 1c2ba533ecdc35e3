"""`traceinv lab`: the embedded lab."""

import argparse
from pathlib import Path

from harness.commands.exits import DONE
from harness.commands.options import Commands, positive
from traceinv.errors import InputError


def add_lab(commands: Commands) -> None:
    """Add the command's arguments."""
    lab = commands.add_parser("lab", help="the embedded lab").add_subparsers(required=True, metavar="COMMAND")
    pretrain = lab.add_parser("pretrain", help="pretrain the lab's base model")
    pretrain.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="the folder that the model is written to"
    )
    pretrain.add_argument(
        "--shrink", type=positive, default=1, metavar="N", help="use an Nth of the pretraining rows, to try it out"
    )
    pretrain.set_defaults(command=run_pretrain)


def run_pretrain(options: argparse.Namespace) -> int:
    """Pretrain the base model; 0 when done.

    Raises:
        InputError: the folder cannot be made.
    """
    import warnings

    from datasets import disable_progress_bars
    from rich.progress import Progress

    from traceinv.lab.pretraining import PretrainConfig, pretrain

    try:
        options.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"--out {options.out}: cannot be made: {error.strerror}") from None
    disable_progress_bars()
    warnings.simplefilter("ignore", FutureWarning)
    config = PretrainConfig()
    with Progress(transient=True) as display:
        task = display.add_task("pretraining the lab's base", total=1.0)
        log = pretrain(
            config.model_copy(update={"rows": config.rows // options.shrink}),
            options.out,
            lambda share: display.update(task, completed=share),
        )
    accuracies = ", ".join(f"{name} {share:.3f}" for name, share in log["drill_accuracy"].items())
    print(f"{log['parameters']} parameters; share of fresh drill lines right: {accuracies}; written to {options.out}")
    return DONE
