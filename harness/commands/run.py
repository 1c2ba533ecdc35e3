"""The command `traceinv run`."""

import argparse
from pathlib import Path

from harness.commands.exits import DONE
from harness.commands.options import Commands
from harness.commands.running import Finished, add_recipe_options, check_recipe_options, finish, prepare, print_stages


def add_run(commands: Commands) -> None:
    """Add the command's arguments."""
    run = commands.add_parser(
        "run", help="run an experiment", description="Run a recipe, from questions to result record."
    )
    add_recipe_options(run, "runs/RECIPE")
    run.set_defaults(command=_run)


def _run(options: argparse.Namespace) -> int:
    from harness.pipeline.plan import plan
    from harness.pipeline.recipe_files import load_recipe
    from traceinv.loggers import choose

    check_recipe_options(options)
    choose(options.report_to)
    recipe = load_recipe(options.recipe, options.set, options.seeds)
    prepared = prepare(plan(recipe, absent_ok=options.dry_run), options.store)
    if options.dry_run:
        print_stages(prepared, options)
        return DONE
    out = options.out or Path("runs") / prepared.planned.recipe.name
    done = finish(prepared, out, options)
    _print_record(done, len(prepared.planned.graph), options.json)
    return DONE


def _print_record(done: Finished, stages: int, as_json: bool) -> None:
    from harness.views.console import make_console
    from harness.views.terminal import print_record

    if as_json:
        print(done.record.model_dump_json(indent=1))
        return
    print_record(make_console(), done.record, f"computed {done.computed} of {stages} stages; record: {done.path}")
