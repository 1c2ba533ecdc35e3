"""The `traceinv` command."""

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from harness.commands.bench import add_bench, add_grade
from harness.commands.faithfulness import add_faithfulness
from harness.commands.options import positive
from harness.commands.style import add_style
from harness.commands.tasks import add_tasks
from traceinv.errors import GateError, InputError

DONE, FAILED, BAD_INPUT = 0, 1, 2
RESUMES = ("run", "bench")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 0 done, 1 the work failed, 2 the input is wrong."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.command(options)
        sys.stdout.flush()
    except InputError as error:
        return _say(str(error), BAD_INPUT)
    except GateError as error:
        return _say(str(error), FAILED)
    except KeyboardInterrupt:
        resumes = options.subcommand in RESUMES
        kept = "; what was finished is kept, the same command goes on from there" if resumes else ""
        return _say(f"interrupted{kept}", FAILED)
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
    _add_leaderboard(commands)
    _add_compare(commands)
    _add_report(commands)
    _add_lab(commands)
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


def _add_leaderboard(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    board = commands.add_parser("leaderboard", help="regenerate leaderboard.md from the records in results/")
    board.add_argument("--results", type=Path, default=Path("results"), metavar="DIR")
    board.add_argument("--out", type=Path, default=Path("leaderboard.md"), metavar="FILE")
    board.add_argument("--check", action="store_true", help="write nothing; exit 1 where FILE is out of date")
    board.set_defaults(command=_leaderboard)


def _add_compare(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    compare = commands.add_parser(
        "compare",
        help="what differs between records, in their recipes and in outcome",
        description="Compare each further record with the first: their recipes, and their rows on the same questions.",
    )
    compare.add_argument("first", metavar="RESULT", help="a record's file, or its id in --results")
    compare.add_argument("others", metavar="RESULT", nargs="+", help="those to compare with it")
    compare.add_argument("--results", type=Path, default=Path("results"), metavar="DIR", help="where ids are looked up")
    compare.add_argument("--json", action="store_true", help="print a list with one comparison for each further record")
    compare.set_defaults(command=_compare)


def _add_report(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    report = commands.add_parser(
        "report",
        help="make one HTML page of plots and traces",
        description="Make one HTML page, readable without a network, of the records in a folder and of a run with its traces.",
    )
    report.add_argument(
        "--results", type=Path, metavar="DIR", help="a folder of records (default: results, or none with --run)"
    )
    report.add_argument("--run", type=Path, metavar="DIR", help="a run's folder (its --out), whose traces are shown")
    report.add_argument(
        "--store", type=Path, metavar="DIR", help="that run's artifacts (default: store in its folder or beside it)"
    )
    report.add_argument("--out", type=Path, required=True, metavar="FILE.html")
    report.set_defaults(command=_report)


def _add_lab(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    lab = commands.add_parser("lab", help="the embedded lab").add_subparsers(required=True, metavar="COMMAND")
    pretrain = lab.add_parser("pretrain", help="make the lab's base model anew")
    pretrain.add_argument("--out", type=Path, required=True, metavar="DIR")
    pretrain.add_argument("--shrink", type=positive, default=1, metavar="N", help="an Nth of the diet, to try it out")
    pretrain.set_defaults(command=_pretrain)


def _run(options: argparse.Namespace) -> int:
    from rich.console import Console

    from harness.pipeline.executors.local import LocalExecutor, StageFailed
    from harness.pipeline.plan import External, plan
    from harness.pipeline.recipe import load_recipe
    from harness.pipeline.scheduler import missing, run
    from harness.pipeline.store import Store, digest_folder
    from harness.views.terminal import RunDisplay, print_record
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
        return _say(str(error), FAILED)
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


def _leaderboard(options: argparse.Namespace) -> int:
    from harness.leaderboard.page import build

    built = build(options.results, options.out)
    for line in built.refused:
        _say(line, BAD_INPUT)
    refused = BAD_INPUT if built.refused else DONE
    current = options.out.read_text(encoding="utf-8") if options.out.exists() else None
    if options.check:
        if built.markdown == current:
            return refused
        return refused or _say(f"{options.out} is not what {options.results} gives; run `traceinv leaderboard`", FAILED)
    if not options.out.parent.is_dir():
        raise InputError(f"--out {options.out}: no such folder")
    options.out.write_text(built.markdown, encoding="utf-8")
    print(f"wrote {options.out}")
    return refused


def _compare(options: argparse.Namespace) -> int:
    from harness.results.compare import compare_records, find_record

    first, *others = [find_record(name, options.results) for name in (options.first, *options.others)]
    found = [compare_records(first, other) for other in others]
    if options.json:
        print("[" + ",\n".join(each.model_dump_json(indent=1) for each in found) + "]")
        return DONE
    from rich.console import Console

    from harness.views.terminal import print_comparison

    for each in found:
        print_comparison(Console(), each)
    return DONE


def _report(options: argparse.Namespace) -> int:
    from harness.report import build

    if not options.out.parent.is_dir() or options.out.is_dir():
        raise InputError(f"--out {options.out}: expected a file in a folder that exists")
    results = options.results or (None if options.run else Path("results"))
    built = build(results, options.run, options.store)
    options.out.write_text(built.html, encoding="utf-8")
    size = options.out.stat().st_size / 1e6
    print(f"wrote {options.out} ({size:.1f} MB): {built.records} records, {built.traces} inverted traces")
    for line in built.refused:
        _say(f"not shown: {line}", BAD_INPUT)
    return BAD_INPUT if built.refused else DONE


def _pretrain(options: argparse.Namespace) -> int:
    import warnings

    from datasets import disable_progress_bars
    from rich.progress import Progress

    from traceinv.lab.pretraining import PretrainConfig, pretrain

    disable_progress_bars()
    warnings.simplefilter("ignore", FutureWarning)
    config = PretrainConfig()
    options.out.mkdir(parents=True, exist_ok=True)
    with Progress(transient=True) as display:
        task = display.add_task("pretraining the lab's base", total=1.0)
        log = pretrain(
            config.model_copy(update={"rows": config.rows // options.shrink}),
            options.out,
            lambda share: display.update(task, completed=share),
        )
    lines = ", ".join(f"{name} {share:.3f}" for name, share in log["drill_accuracy"].items())
    print(f"{log['parameters']} parameters; fresh drills, share of lines right: {lines}; written to {options.out}")
    return DONE


def _command() -> str:
    return shlex.join(["traceinv", *sys.argv[1:]])


def _say(message: str, code: int) -> int:
    print(f"traceinv: {message}", file=sys.stderr)
    return code
