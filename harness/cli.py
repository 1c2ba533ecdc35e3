"""The `traceinv` command."""

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from harness.commands.bench import add_bench, add_grade
from harness.commands.compare import add_compare
from harness.commands.exits import BAD_INPUT, DONE, FAILED, complain
from harness.commands.faithfulness import add_faithfulness
from harness.commands.lab import add_lab
from harness.commands.leaderboard import add_leaderboard
from harness.commands.options import positive
from harness.commands.report import add_report
from harness.commands.style import add_style
from harness.commands.tasks import add_tasks
from traceinv.errors import GateError, InputError

RESUMES = ("run", "bench")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 0 done, 1 the work failed, 2 the input is wrong."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.command(options)
        sys.stdout.flush()
    except InputError as error:
        return complain(str(error), BAD_INPUT)
    except GateError as error:
        return complain(str(error), FAILED)
    except KeyboardInterrupt:
        resumes = options.subcommand in RESUMES
        kept = "; what was finished is kept, the same command goes on from there" if resumes else ""
        return complain(f"interrupted{kept}", FAILED)
    except BrokenPipeError:
        # nobody reads on, such as after `| head`; the interpreter must not write once more as it ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="traceinv", description="Measures how much of a reasoning model's ability leaks through what it discloses."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="subcommand")
    _add_run(commands)
    add_faithfulness(commands)
    add_style(commands)
    add_bench(commands)
    add_grade(commands)
    add_tasks(commands)
    add_leaderboard(commands)
    add_compare(commands)
    add_report(commands)
    add_lab(commands)
    return parser


def _add_run(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    run = commands.add_parser(
        "run", help="run an experiment", description="Run a recipe, from questions to result record."
    )
    run.add_argument("recipe", metavar="RECIPE", help="a built-in recipe's name (lab) or a YAML file")
    run.add_argument("--out", type=Path, metavar="DIR", help="where the record goes (default: runs/RECIPE)")
    run.add_argument("--store", type=Path, metavar="DIR", help="where artifacts are kept (default: runs/store)")
    run.add_argument("--seeds", type=positive, metavar="N", help="run seeds 0 to N-1 instead of the recipe's")
    run.add_argument("--set", action="append", default=[], metavar="a.b=c", help="override a value of the recipe")
    run.add_argument("--workers", type=positive, metavar="N", help="processes at a time (default: one a core)")
    run.add_argument("--dry-run", action="store_true", help="list the stages that would be computed, and stop")
    run.add_argument("--json", action="store_true", help="print the record instead of a table")
    run.set_defaults(command=_run)


def _run(options: argparse.Namespace) -> int:
    from rich.console import Console

    from harness.pipeline.executors.local import LocalExecutor, StageFailed
    from harness.pipeline.plan import External, plan
    from harness.pipeline.recipe import load_recipe
    from harness.pipeline.scheduler import missing, run
    from harness.pipeline.store import Store, digest_folder
    from harness.views.progress import RunDisplay
    from harness.views.terminal import print_record
    from traceinv.lab.models import BASE

    recipe = load_recipe(options.recipe, options.set, options.seeds)
    mirror = recipe.benchmark.data_dir
    if mirror and not Path(mirror).is_dir():
        raise InputError(f"benchmark.data_dir: no such folder {mirror!r}")
    data = External(Path(mirror), digest_folder(Path(mirror))) if mirror else None
    experiment = plan(recipe, External(BASE, digest_folder(BASE)), data)
    out = options.out or Path("runs") / recipe.name
    if out.exists() and not out.is_dir():
        raise InputError(f"--out {out}: there is a file of this name; expected a folder")
    store = Store(options.store or Path("runs/store"))
    absent = missing(experiment, store)
    if options.dry_run:
        print("\n".join(stage.name for stage in absent) or "nothing: every stage is in the store")
        return DONE
    console = Console(stderr=options.json)
    workers = min(options.workers or os.cpu_count() or 1, max(1, len(absent)))
    try:
        with LocalExecutor(workers) as executor, RunDisplay(console, experiment.stages) as display:
            artifacts = run(experiment, store, executor, display)
    except StageFailed as error:
        return complain(str(error), FAILED)
    from harness.assembly.record import assemble
    from harness.results.files import write_record

    record, items = assemble(experiment, artifacts, _command())
    path = write_record(record, items, out)
    if options.json:
        print(record.model_dump_json(indent=1))
    else:
        print_record(console, record)
        console.print(
            f"computed {display.computed} of {len(experiment.stages)} stages; record: {path}", highlight=False
        )
    return DONE


def _command() -> str:
    return shlex.join(["traceinv", *sys.argv[1:]])
