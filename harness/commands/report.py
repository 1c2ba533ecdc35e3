"""`traceinv report`: one HTML page of records, and of a run with its traces."""

import argparse
from pathlib import Path

from harness.commands.exits import BAD_INPUT, DONE, complain
from harness.commands.options import Commands, place
from harness.commands.outputs import check_file
from traceinv.errors import InputError


def add_report(commands: Commands) -> None:
    """Add the command's arguments."""
    parser = commands.add_parser(
        "report",
        help="make one HTML page of plots and traces",
        description="Make one HTML page, readable without a network, of the records in a folder and of a run with its traces.",
    )
    parser.add_argument(
        "--results", type=Path, metavar="DIR", help="a folder of records (default: results, or none with --run)"
    )
    parser.add_argument("--run", type=Path, metavar="DIR", help="a run's folder (its --out), whose traces are shown")
    parser.add_argument(
        "--store",
        type=place,
        metavar="DIR|URL",
        help="that run's artifacts (default: store in its folder or beside it)",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.html", help="the page to write")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Write the page; 0 when done, 2 when something could not be shown.

    Raises:
        InputError: there is nothing to show, or the page cannot be written.
    """
    from harness.files import write_atomic
    from harness.report import build

    if options.store and not options.run:
        raise InputError("--store: goes with --run, which names the run whose artifacts it holds")
    check_file("--out", options.out)
    results = options.results or (None if options.run else Path("results"))
    built = build(results, options.run, options.store, options.out)
    write_atomic(options.out, built.html)
    size = options.out.stat().st_size / 1e6
    print(f"wrote {options.out} ({size:.1f} MB): {built.records} records, {built.traces} inverted traces")
    for line in built.refused:
        complain(f"not shown: {line}", BAD_INPUT)
    return BAD_INPUT if built.refused else DONE
