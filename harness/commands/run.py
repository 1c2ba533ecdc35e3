"""The command `traceinv run`."""

import argparse
from pathlib import Path

from harness.commands.exits import DONE
from harness.commands.options import Commands, positive
from harness.commands.running import STORE, Finished, finish, print_stages, report_damage


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
    from harness.pipeline.plan import plan
    from harness.pipeline.recipe import load_recipe
    from harness.pipeline.scheduler import find_artifacts
    from harness.pipeline.store import Store

    planned = plan(load_recipe(options.recipe, options.set, options.seeds))
    store = Store(options.store)
    cached = find_artifacts(planned.graph, store)
    report_damage(store)
    if options.dry_run:
        print_stages(planned, cached, options.json)
        return DONE
    out = options.out or Path("runs") / planned.recipe.name
    done = finish(planned, store, cached, out, options.workers, options.json)
    _print_record(done, len(planned.graph), options.json)
    return DONE


def _print_record(done: Finished, stages: int, as_json: bool) -> None:
    from harness.views.terminal import make_console, print_record

    if as_json:
        print(done.record.model_dump_json(indent=1))
        return
    print_record(make_console(), done.record, f"computed {done.computed} of {stages} stages; record: {done.path}")
