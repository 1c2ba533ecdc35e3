"""The commands `traceinv tasks list`, `check` and `new`."""

import argparse
import json
from typing import Any

from harness.commands.options import Commands, add_data, parameters
from traceinv.errors import InputError


def add_tasks(commands: Commands) -> None:
    tasks = commands.add_parser("tasks", help="list, check and write tasks").add_subparsers(
        required=True, metavar="COMMAND"
    )
    listing = tasks.add_parser("list", help="list every task with its version, forms, domain, suites and data")
    listing.add_argument("--json", action="store_true")
    listing.set_defaults(command=_list_tasks)
    check = tasks.add_parser(
        "check",
        help="check that tasks load and that their graders tell right from wrong",
        description="Load tasks, render their first prompts, and grade a right, a wrong, a truncated and an empty answer.",
    )
    check.add_argument("names", nargs="*", metavar="TASK", help="default: all tasks whose data is available")
    add_data(check)
    check.add_argument("--show", action="store_true", help="print the first prompts")
    check.set_defaults(command=_check_tasks)
    new = tasks.add_parser("new", help="write a working task and its test, as a start for your own")
    new.add_argument("name", metavar="NAME")
    new.set_defaults(command=_new_task)


def _list_tasks(options: argparse.Namespace) -> int:
    from harness.benchmarks.catalog import discover

    rows: dict[str, dict[str, Any]] = {}
    for benchmark in discover():
        row = {
            "name": benchmark.name,
            "version": benchmark.version,
            "domain": benchmark.domain,
            "suites": list(benchmark.suites),
            "data": (benchmark.metadata.get("data") or {}).get("hub"),
            "forms": [],
        }
        rows.setdefault(benchmark.name, row)["forms"].append(benchmark.form)
    if options.json:
        print(json.dumps(list(rows.values()), indent=1))
        return 0
    width = max(map(len, rows))
    for name, row in rows.items():
        groups = f"domain {row['domain'] or 'none'}, suites {', '.join(row['suites']) or 'none'}"
        forms = "+".join(row["forms"])
        print(f"{name:{width}}  {row['version']:4} {forms:16} {groups:34} {row['data'] or 'in the package'}")
    return 0


def _check_tasks(options: argparse.Namespace) -> int:
    from harness.benchmarks.catalog import discover, find
    from harness.benchmarks.check import check

    chosen = options.names or sorted({benchmark.name for benchmark in discover()})
    given = parameters(options.param)
    failed = 0
    for name in chosen:
        try:
            findings, prompts = check(find(name), options.data_dir, given)
        except InputError as error:
            if options.names:
                raise
            print(f"{name}: not checked: {error}")
            continue
        for prompt in prompts if options.show else ():
            print(f"--- {name}\n{prompt}")
        for finding in findings:
            failed += not finding.passed
            print(f"{name}: {'ok' if finding.passed else 'FAILED'}: {finding.name} ({finding.detail})")
    return 1 if failed else 0


def _new_task(options: argparse.Namespace) -> int:
    from harness.benchmarks.scaffold import write_task

    for path in write_task(options.name):
        print(f"wrote {path}")
    print(f"next: edit them, then run `traceinv tasks check {options.name}`")
    return 0
