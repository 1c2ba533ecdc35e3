"""The options that say where stages run, and what runs them."""

import argparse
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.commands.options import positive
from traceinv.errors import InputError

if TYPE_CHECKING:
    from harness.pipeline.executors.local import LocalExecutor
    from harness.pipeline.executors.ray import RayExecutor
    from harness.pipeline.executors.slurm import SlurmExecutor


def add_executor_options(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say where stages run."""
    parser.add_argument(
        "--workers",
        type=positive,
        metavar="N",
        help="processes, or jobs of Slurm, at a time (default: one a core; all)",
    )
    parser.add_argument(
        "--executor",
        choices=("local", "ray", "slurm"),
        default="local",
        help="processes of this machine, a Ray cluster, or jobs of a Slurm cluster",
    )
    parser.add_argument(
        "--address", metavar="HOST:PORT", help="the Ray cluster, or auto (default: one of this machine alone)"
    )
    parser.add_argument(
        "--slurm",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="an option of sbatch, such as partition=gpu, mem=32G or time=600 (minutes); may be given more than once",
    )
    parser.add_argument(
        "--models-per-gpu",
        type=positive,
        default=1,
        metavar="N",
        help="stages that share the memory of a GPU at a time, where there is one (default: 1)",
    )
    parser.add_argument(
        "--retry-failed",
        action="store_true",
        help="go on past a failing stage with all that does not need it, then try what failed once more",
    )


def open_executor(options: argparse.Namespace, stages: int) -> "LocalExecutor | RayExecutor | SlurmExecutor":
    """Return what runs the stages.

    Args:
        stages: how many there are to run.

    Raises:
        InputError: an option is for another executor, its library is not installed, or its cluster does not answer.
    """
    if options.address and options.executor != "ray":
        raise InputError("--address: expected with --executor ray alone")
    if options.slurm and options.executor != "slurm":
        raise InputError("--slurm: expected with --executor slurm alone")
    if options.executor == "ray":
        from harness.pipeline.executors.ray import RayExecutor

        if options.workers:
            raise InputError("--workers: Ray decides how many stages run at a time; leave it out with --executor ray")
        return RayExecutor(options.address, options.models_per_gpu)
    if options.executor == "slurm":
        from harness.pipeline.executors.slurm import SlurmExecutor

        if options.models_per_gpu != 1:
            raise InputError(
                "--models-per-gpu: Slurm gives a stage GPUs of its own; leave it out with --executor slurm"
            )
        return SlurmExecutor(_sbatch_options(options.slurm), options.workers)
    from harness.pipeline.executors.local import LocalExecutor

    return LocalExecutor(min(options.workers or os.cpu_count() or 1, max(1, stages)))


def _sbatch_options(given: Sequence[str]) -> dict[str, str]:
    """Read the values of `--slurm`."""
    if wrong := [text for text in given if not all(text.partition("="))]:
        raise InputError(f"--slurm {wrong[0]}: expected KEY=VALUE")
    return {key: value for key, _, value in (text.partition("=") for text in given)}
