"""The commands `traceinv tasks list`, `check` and `new`."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.commands.exits import say
from harness.commands.options import Commands, add_data, add_include, include_tasks, parameters
from traceinv.errors import InputError

if TYPE_CHECKING:
    from harness.benchmarks.catalog import Benchmark

NOT_SAID = "-"


def add_tasks(commands: Commands) -> None:
    """Add the parsers of `traceinv tasks`."""
    tasks = commands.add_parser("tasks", help="list, check and write tasks").add_subparsers(
        required=True, metavar="COMMAND"
    )
    listing = tasks.add_parser("list", help="list every task: items, domain, licence, and what it asks")
    add_include(listing)
    listing.add_argument("--json", action="store_true", help="print all that is known of each task as JSON")
    listing.set_defaults(command=_list_tasks)
    check = tasks.add_parser(
        "check",
        help="check that tasks load and that their graders tell right from wrong",
        description="Load tasks, render their first prompts, and grade a right, a wrong, a truncated and an empty answer.",
    )
    check.add_argument("names", nargs="*", metavar="TASK", help="default: all tasks whose data is available")
    add_include(check)
    add_data(check)
    check.add_argument(
        "--all", action="store_true", help="grade the reference answer of every item, not of the first five"
    )
    check.add_argument("--show", action="store_true", help="print the first prompts")
    check.set_defaults(command=_check_tasks)
    new = tasks.add_parser("new", help="write a working task and its test, as a start for your own")
    new.add_argument("name", metavar="NAME")
    new.add_argument(
        "--dir",
        type=Path,
        metavar="DIR",
        help="where to write it (default: tasks/ in a checkout of this package, else ./tasks_local)",
    )
    new.add_argument(
        "--data",
        type=Path,
        metavar="FILE",
        help="a JSONL, CSV or Parquet file with the items; writes one YAML beside it and nothing else",
    )
    new.add_argument("--question", default="question", metavar="FIELD", help="of --data (default: question)")
    new.add_argument(
        "--answer", default="answer", metavar="FIELD", help="of --data, the right answer (default: answer)"
    )
    new.add_argument(
        "--answers",
        choices=("expression", "number", "choice"),
        default="expression",
        help="what the answers of --data are (default: expression, which a number is too)",
    )
    add_include(new)
    new.set_defaults(command=_new_task)


def _list_tasks(options: argparse.Namespace) -> int:
    from harness.benchmarks.catalog import discover

    include_tasks(options)
    rows: dict[str, dict[str, Any]] = {}
    for benchmark in discover():
        rows.setdefault(benchmark.name, _describe(benchmark))["forms"].append(benchmark.form)
    if options.json:
        print(json.dumps(list(rows.values()), indent=1))
    else:
        _print_table(list(rows.values()))
    return 0


def _describe(benchmark: "Benchmark") -> dict[str, Any]:
    from harness.benchmarks.folders import TASKS

    return {
        "name": benchmark.name,
        "version": benchmark.version,
        "domain": benchmark.domain,
        "suites": list(benchmark.suites),
        "items": benchmark.items,
        "licence": benchmark.licence,
        "about": benchmark.about,
        "data": benchmark.data.get("hub") or benchmark.data.get("files"),
        "file": None if benchmark.path.is_relative_to(TASKS) else str(benchmark.path),
        "forms": [],
    }


def _print_table(rows: list[dict[str, Any]]) -> None:
    """Print one line for each task; what a task does not say is a dash."""
    lines = [("task", "items", "version", "domain", "suites", "licence", "about"), *map(_cells, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for name, items, *others, about in lines:
        middle = (f"{cell:{width}}" for cell, width in zip(others, widths[2:-1], strict=True))
        say("  ".join((f"{name:{widths[0]}}", f"{items:>{widths[1]}}", *middle, about)).rstrip())


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    items = NOT_SAID if row["items"] is None else f"{row['items']:,}"
    suites = ", ".join(row["suites"])
    others = (row["domain"], suites, row["licence"], row["about"] or row["file"])
    return row["name"], items, row["version"], *(cell or NOT_SAID for cell in others)


def _check_tasks(options: argparse.Namespace) -> int:
    from harness.benchmarks.catalog import discover, find
    from harness.benchmarks.check import check

    include_tasks(options)
    chosen = options.names or sorted({benchmark.name for benchmark in discover()})
    given = parameters(options.param)
    failed = 0
    for name in chosen:
        try:
            findings, prompts = check(find(name), options.data_dir, given, all_items=options.all)
        except InputError as error:
            if options.names:
                raise
            say(f"{name}: not checked: {error}")
            continue
        for prompt in prompts if options.show else ():
            say(f"--- {name}\n{prompt}")
        for finding in findings:
            failed += not finding.passed
            say(f"{name}: {'ok' if finding.passed else 'FAILED'}: {finding.name} ({finding.detail})")
    return 1 if failed else 0


def _new_task(options: argparse.Namespace) -> int:
    from harness.benchmarks.folders import task_folders
    from harness.benchmarks.scaffold import default_folder, write_data_task, write_task

    include_tasks(options)
    if options.data and options.dir:
        raise InputError("--dir: not with --data, beside which the task is written")
    if options.data:
        paths = [write_data_task(options.name, options.data, options.question, options.answer, options.answers)]
        folder = options.data.parent
    else:
        folder = options.dir or default_folder()
        paths = write_task(options.name, folder)
    for path in paths:
        print(f"wrote {path}")
    known = folder.resolve() in task_folders()
    print(
        f"next: edit them, then run `traceinv tasks check {options.name}{'' if known else f' --include-path {folder}'}`"
    )
    return 0
