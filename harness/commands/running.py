"""Run a plan and write its record: the common part of the commands that run recipes."""

import argparse
import json
import os
import shlex
import sys
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.commands.executors import add_executor_options, open_executor
from harness.commands.exits import say
from harness.commands.options import names, place, positive
from harness.commands.outputs import check_folder
from traceinv.errors import GateError, InputError

if TYPE_CHECKING:
    from harness.pipeline.costing.costs import RunCost
    from harness.pipeline.descriptions import Artifact
    from harness.pipeline.plan import Plan
    from harness.pipeline.recipe import Recipe
    from harness.pipeline.store import Store
    from harness.results.schema import ResultRecord

STORE = Path("runs/store")
DRIVER = Path("/proc/driver/nvidia")
"""What is there where a GPU is; torch would say so too, but only after seconds."""


@dataclass(frozen=True)
class Prepared:
    """A plan, and what its store has of it.

    Attributes:
        cached: the artifacts that are in the store already, by the id of their nodes.
    """

    planned: "Plan"
    store: "Store"
    cached: "dict[str, Artifact]"


@dataclass(frozen=True)
class Finished:
    """A finished run.

    Attributes:
        path: of the record's file.
        computed: how many stages were computed now.
    """

    record: "ResultRecord"
    path: Path
    computed: int


def add_recipe_options(parser: argparse.ArgumentParser, out: str) -> None:
    """Add the arguments of every command that runs a recipe.

    Args:
        out: where the record goes by default, for the help.
    """
    parser.add_argument("recipe", metavar="RECIPE", help="the name of a built-in recipe, or a YAML file")
    parser.add_argument("--out", type=Path, metavar="DIR", help=f"where the record goes (default: {out})")
    parser.add_argument("--seeds", type=positive, metavar="N", help="run seeds 0 to N-1 instead of the recipe's")
    parser.add_argument("--set", action="append", default=[], metavar="a.b=c", help="override a value of the recipe")
    parser.add_argument(
        "--store", type=place, default=STORE, metavar="DIR|URL", help=f"where artifacts go (default: {STORE})"
    )
    add_executor_options(parser)
    parser.add_argument(
        "--report-to",
        type=names,
        default=(),
        metavar="LOGGER,...",
        help="send losses and final figures to tensorboard, trackio or wandb (default: to none)",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="list the stages that would be computed and what they take, and stop"
    )
    parser.add_argument(
        "--exact",
        action="store_true",
        help="with --dry-run: follow all questions and count every token, which may take long",
    )
    parser.add_argument("--json", action="store_true", help="print the record as JSON; with --dry-run every stage")


def check_recipe_options(options: argparse.Namespace) -> None:
    """Check options that make sense with others alone.

    Raises:
        InputError: `--exact` without `--dry-run`.
    """
    if options.exact and not options.dry_run:
        raise InputError("--exact: expected with --dry-run alone")


def prepare(planned: "Plan", store: Path | str) -> Prepared:
    """Find what a store has of a plan, and name regimes that are left out and artifacts that cannot be used."""
    from harness.pipeline.remote import open_store
    from harness.pipeline.scheduler import find_artifacts

    _report_left_out(planned.recipe)
    opened = open_store(store)
    cached = find_artifacts(planned.graph, opened)
    _report_damage(opened)
    return Prepared(planned, opened, cached)


def finish(prepared: Prepared, out: Path, options: argparse.Namespace) -> Finished:
    """Compute what a plan misses and write its record; where nothing is missing, return the record that was made before.

    Args:
        options: those of `add_executor_options`, and `json`: whether progress goes to the standard error stream, so that the
            output is the caller's alone.

    Raises:
        InputError: `out` or the store cannot be written to, or the executor cannot be opened.
        GateError: a stage or a gate failed.
    """
    from harness.assembly.identity import find_record

    planned, store, cached = prepared.planned, prepared.store, prepared.cached
    missing = len(planned.graph) - len(cached)
    if not missing and (record := find_record(planned, cached, out)):
        return Finished(record, out / f"{record.id}.json", 0)
    check_folder("--out", out)
    if missing:
        check_folder("--store", store.root)
        store.check_writable()
    reported = set(store.damaged)
    artifacts, computed = _compute(prepared, missing, options)
    _report_damage(store, reported)
    record, path = _write(planned, artifacts, out, options.json)
    return Finished(record, path, computed)


def print_stages(prepared: Prepared, options: argparse.Namespace) -> None:
    """Print what a run would take: as JSON every stage with its key, or tables of the missing stages and of their kinds.

    A key below a missing stage is not known yet.

    Args:
        options: those of `add_recipe_options`.
    """
    from harness.pipeline.costing.costs import cost_run

    cost = cost_run(prepared.planned, prepared.store, prepared.cached, options.exact)
    if options.json:
        print(json.dumps(_stage_entries(prepared, cost), indent=1))
        return
    from harness.views.console import make_console
    from harness.views.costs import cost_lines, kind_table, stage_table
    from harness.views.terminal import print_table

    if cost.missing:
        console = make_console()
        print_table(console, stage_table(cost))
        print_table(console, kind_table(cost))
        for line in cost_lines(cost):
            say(line)
    print(f"{len(cost.missing)} of {len(cost.stages)} stages{_time_of(cost, prepared.store, options.workers)}")


def _stage_entries(prepared: Prepared, cost: "RunCost") -> list[dict[str, Any]]:
    """Describe every stage with its key and what it takes, as JSON values."""
    from harness.pipeline.scheduler import known_key

    return [
        {
            "name": stage.name,
            "kind": stage.node.kind.name,
            "labels": stage.node.labels,
            "version": stage.node.kind.version,
            "key": known_key(stage.node, prepared.cached),
            "cached": stage.cached,
            "cost": None if stage.cached else stage.as_json(),
        }
        for stage in cost.stages
    ]


def _time_of(cost: "RunCost", store: "Store", workers: int | None) -> str:
    """Say how long the missing stages take, as far as the store tells."""
    from harness.pipeline.costing.measured import duration

    missing = cost.missing
    if not missing:
        return ", nothing to compute"
    workers = min(workers or os.cpu_count() or 1, len(missing))
    seconds = sum(stage.seconds for stage in missing if stage.seconds is not None)
    if not seconds:
        return f"; how long they take was not measured yet in {store.address}"
    by = f"about {duration(seconds / workers)} with {workers} {'worker' if workers == 1 else 'workers'}"
    unknown = dict.fromkeys(stage.node.kind.name.replace("_", " ") for stage in missing if stage.seconds is None)
    return f", {by} and what was not measured yet: {', '.join(unknown)}" if unknown else f", {by}"


def _report_left_out(recipe: "Recipe") -> None:
    """Print which regimes each policy leaves out because it discloses no summary."""
    for name, policy in recipe.policies.items():
        left_out = [regime for regime in recipe.regimes if regime not in recipe.regimes_of(name)]
        if left_out:
            say(f"policies.{name}: {policy.kind} discloses no summary; left out: {', '.join(left_out)}", error=True)


def _report_damage(store: "Store", reported: Collection[Path] = ()) -> None:
    """Name the artifacts that cannot be used, except those that were named before."""
    for folder in sorted(store.damaged.keys() - set(reported)):
        say(f"traceinv: {folder}: not used: {store.damaged[folder]}; it is computed again", error=True)


def _compute(prepared: Prepared, missing: int, options: argparse.Namespace) -> "tuple[dict[str, Artifact], int]":
    from harness.pipeline.executors.base import StageFailed
    from harness.pipeline.journal import Journal
    from harness.pipeline.scheduler import run
    from harness.views.console import make_console
    from harness.views.progress import RunDisplay
    from traceinv.devices import choose

    planned, store = prepared.planned, prepared.store
    choose(planned.recipe.accelerate)
    try:
        with (
            open_executor(options, missing) as executor,
            RunDisplay(make_console(options.json), planned.graph) as display,
            Journal(display, planned, prepared.cached, store.root, _command()) as journal,
        ):
            dropped = ("student",) if planned.recipe.keep == "scores" else ()
            models = options.models_per_gpu if options.executor == "local" and DRIVER.exists() else None
            artifacts = run(planned.graph, store, executor, journal, dropped, models, options.retry_failed)
            return artifacts, display.computed
    except StageFailed as error:
        raise GateError(str(error)) from None


def _write(planned: "Plan", artifacts: "dict[str, Artifact]", out: Path, quiet: bool) -> "tuple[ResultRecord, Path]":
    from harness.assembly.record import assemble
    from harness.export.loggers import report_record
    from harness.results.files import write_record
    from harness.views.console import make_console
    from harness.views.progress import working

    with working(make_console(quiet), "making the record"):
        record, items = assemble(planned, artifacts, _command())
        path = write_record(record, items, out)
        report_record(record)
    return record, path


def _command() -> str:
    """Return the command that the user typed."""
    return shlex.join(["traceinv", *sys.argv[1:]])
