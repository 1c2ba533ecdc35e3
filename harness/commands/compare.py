"""`traceinv compare`: what differs between records."""

import argparse
from pathlib import Path

from harness.commands.exits import DONE
from harness.commands.options import Commands


def add_compare(commands: Commands) -> None:
    """Add the command's arguments."""
    parser = commands.add_parser(
        "compare",
        help="show what differs between records: their recipes and their accuracies",
        description="Compare each further record (B) with the first (A): their recipes, and their rows on the same questions.",
    )
    parser.add_argument("first", metavar="A", help="a record's file, or its id in --results")
    parser.add_argument("others", metavar="B", nargs="+", help="the records to compare with it")
    parser.add_argument("--results", type=Path, default=Path("results"), metavar="DIR", help="where ids are looked up")
    parser.add_argument("--json", action="store_true", help="print a list with one comparison for each further record")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Compare the records; 0 when done.

    Raises:
        InputError: a record or its items are missing or bad.
    """
    from harness.results.compare import compare_records, find_record

    first, *others = [find_record(name, options.results) for name in (options.first, *options.others)]
    comparisons = [compare_records(first, other) for other in others]
    if options.json:
        print("[" + ",\n".join(comparison.model_dump_json(indent=1) for comparison in comparisons) + "]")
        return DONE
    from harness.views.terminal import make_console, print_comparison

    for comparison in comparisons:
        print_comparison(make_console(), comparison)
    return DONE
