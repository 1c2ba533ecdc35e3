"""The command `traceinv run`."""

import argparse
import json
import os
import shlex
import sys
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from harness.commands.exits import DONE
from harness.commands.options import Commands, positive
from traceinv.errors import GateError, InputError

if TYPE_CHECKING:
    from harness.pipeline.plan import Plan
    from harness.pipeline.store import Artifact, Store
    from harness.results.schema import ResultRecord

STORE = Path("runs/store")


def add_run(commands: Commands) -> None:
    """Add the command's arguments."""
    run = commands.add_parser(
        "run", help="run an experiment", description="Run a recipe, from questions to result record."
    )
    run.add_argument("recipe", metavar="RECIPE", help="the name of a built-in recipe, or a YAML file")
    run.add_argument("--out", type=Path, metavar="DIR", help="where the record goes (default: runs/RECIPE)")
    run.add_argument("--store", type=Path, default=STORE, metavar="DIR", help=f"where artifacts go (default: {STORE})")
    run.add_argument("--seeds", type=positive, metavar="N", help="run seeds 0 to N-1 instead of the recipe's")
    run.add_argument("--set", action="append", default=[], metavar="a.b=c", help="override a value of the recipe")
    run.add_argument("--workers", type=positive, metavar="N", help="processes at a time (default: one a core)")
    run.add_argument("--dry-run", action="store_true", help="list the stages that would be computed, and stop")
    run.add_argument("--json", action="store_true", help="print the record as JSON; with --dry-run every stage")
    run.set_defaults(command=_run)


def _run(options: argparse.Namespace) -> int:
    from harness.assembly.identity import find_record
    from harness.pipeline.plan import plan
    from harness.pipeline.recipe import load_recipe
    from harness.pipeline.scheduler import find_artifacts
    from harness.pipeline.store import Store

    planned = plan(load_recipe(options.recipe, options.set, options.seeds))
    out = options.out or Path("runs") / planned.recipe.name
    store = Store(options.store)
    cached = find_artifacts(planned.graph, store)
    missing = len(planned.graph) - len(cached)
    reported = _report_damage(store)
    if options.dry_run:
        _print_stages(planned, cached, options.json)
        return DONE
    if not missing and (record := find_record(planned, cached, out)):
        _print_record(record, out / f"{record.id}.json", 0, len(planned.graph), options.json)
        return DONE
    _check_writable("--out", out)
    if missing:
        _check_writable("--store", options.store)
    artifacts, computed = _compute(planned, store, missing, options)
    _report_damage(store, reported)
    record, path = _write(planned, artifacts, out)
    _print_record(record, path, computed, len(planned.graph), options.json)
    return DONE


def _compute(
    planned: "Plan", store: "Store", missing: int, options: argparse.Namespace
) -> "tuple[dict[str, Artifact], int]":
    from rich.console import Console

    from harness.pipeline.executors.base import StageFailed
    from harness.pipeline.executors.local import LocalExecutor
    from harness.pipeline.scheduler import run
    from harness.views.progress import RunDisplay

    workers = min(options.workers or os.cpu_count() or 1, max(1, missing))
    console = Console(stderr=options.json)
    try:
        with LocalExecutor(workers) as executor, RunDisplay(console, planned.graph) as display:
            return run(planned.graph, store, executor, display), display.computed
    except StageFailed as error:
        raise GateError(str(error)) from None


def _write(planned: "Plan", artifacts: "dict[str, Artifact]", out: Path) -> "tuple[ResultRecord, Path]":
    from harness.assembly.record import assemble
    from harness.results.files import write_record

    record, items = assemble(planned, artifacts, shlex.join(["traceinv", *sys.argv[1:]]))
    return record, write_record(record, items, out)


def _print_record(record: "ResultRecord", path: Path, computed: int, stages: int, as_json: bool) -> None:
    from harness.views.terminal import make_console, print_record

    if as_json:
        print(record.model_dump_json(indent=1))
        return
    print_record(make_console(), record, f"computed {computed} of {stages} stages; record: {path}")


def _print_stages(planned: "Plan", cached: "dict[str, Artifact]", as_json: bool) -> None:
    """List every stage with its key as JSON, or the missing ones by name; a key below a missing stage is not known yet."""
    from harness.pipeline.scheduler import known_key

    graph = planned.graph
    if as_json:
        entries = [
            {
                "name": graph.name(node),
                "kind": node.kind.name,
                "labels": node.labels,
                "version": node.kind.version,
                "key": known_key(node, cached),
                "cached": node.id in cached,
            }
            for node in graph
        ]
        print(json.dumps(entries, indent=1))
        return
    missing = [node for node in graph if node.id not in cached]
    for node in missing:
        print(graph.name(node))
    print(f"{len(missing)} of {len(graph)} stages would be computed")


def _report_damage(store: "Store", reported: Collection[Path] = ()) -> set[Path]:
    """Name the artifacts that cannot be used, but for those reported already; return all of them."""
    for folder in store.damaged.keys() - set(reported):
        print(f"traceinv: {folder}: not used: {store.damaged[folder]}; it is computed again", file=sys.stderr)
    return set(store.damaged)


def _check_writable(option: str, folder: Path) -> None:
    """Find out before anything is computed whether a folder can be written to.

    Raises:
        InputError: it cannot.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{option} {folder}: there is a file of this name; expected a folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".{os.getpid()}.probe"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise InputError(f"{option} {folder}: cannot be written to: {error.strerror}") from None
