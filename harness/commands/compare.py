"""`traceinv compare`: what differs between records, or between recorded samples of any program."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.commands.exits import DONE
from harness.commands.options import Commands, add_include, add_log_format, include_tasks
from traceinv.errors import InputError

if TYPE_CHECKING:
    from harness.logs.compare import LogComparison
    from harness.logs.samples import Wanted
    from harness.results.compare import RecordComparison

LOG_SUFFIXES = (".jsonl", ".gz", ".eval")


def add_compare(commands: Commands) -> None:
    """Add the command's arguments."""
    parser = commands.add_parser(
        "compare",
        help="show what differs between records, or logs of samples: their recipes and their accuracies",
        description="Compare each further record (B) with the first (A): their recipes, and their rows on the same questions. "
        "A and B may also be recorded samples, which are paired by item: a folder or a file of graded samples of traceinv bench, "
        "a file of lm-eval --log_samples, a log of inspect_ai, or the instances of Every Eval Ever.",
    )
    parser.add_argument("first", metavar="A", help="a record's file, its id in --results, or recorded samples")
    parser.add_argument("others", metavar="B", nargs="+", help="what to compare with it")
    parser.add_argument("--results", type=Path, default=Path("results"), metavar="DIR", help="where ids are looked up")
    add_log_format(parser)
    add_include(parser)
    for option, what in (
        ("--metric", "score to compare, where logs have several"),
        ("--filter", "filter of lm-eval's logs"),
    ):
        parser.add_argument(
            option,
            action="append",
            default=[],
            metavar="NAME",
            help=f"the {what} (default: the first); once for all logs, or once for each in their order",
        )
    parser.add_argument("--json", action="store_true", help="print a list with one comparison for each B")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Compare the records or logs; 0 when done.

    Raises:
        InputError: one of them is missing or bad, or they share no item.
    """
    from harness.logs.samples import Wanted

    include_tasks(options)
    paths = [_find(name, options.results) for name in (options.first, *options.others)]
    metrics, filters = (_for_each(getattr(options, name), name, len(paths)) for name in ("metric", "filter"))
    wanted = [Wanted(metric=metric, filter=name) for metric, name in zip(metrics, filters, strict=True)]
    first, *others = zip(paths, wanted, strict=True)
    comparisons = [_compare(first, other, options.format) for other in others]
    if options.json:
        print("[" + ",\n".join(comparison.model_dump_json(indent=1) for comparison in comparisons) + "]")
        return DONE
    from harness.views.console import make_console
    from harness.views.terminal import print_comparison

    for comparison in comparisons:
        print_comparison(make_console(), comparison)
    return DONE


def _find(name: str, results: Path) -> Path:
    """Return the path of a log or record, given its path or a record's id.

    Raises:
        InputError: there is none.
    """
    from harness.results.compare import find_record

    path = Path(name)
    if path.is_dir() or (path.suffix and path.is_file()):
        return path
    if path.suffix in LOG_SUFFIXES:
        raise InputError(f"{name}: no such file")
    return find_record(name, results)


def _for_each(values: Sequence[str], option: str, count: int) -> Sequence[str | None]:
    """Return the value of an option for each log.

    Raises:
        InputError: there are several values, but not one for each log.
    """
    if len(values) not in (0, 1, count):
        raise InputError(
            f"--{option}: expected it once, or once for each of the {count} logs; got it {len(values)} times"
        )
    return values if len(values) == count else [*values, None][:1] * count


def _compare(
    first: "tuple[Path, Wanted]", second: "tuple[Path, Wanted]", format_name: str | None
) -> "RecordComparison | LogComparison":
    from harness.logs.compare import compare_sides, read_side
    from harness.logs.formats import is_record
    from harness.results.compare import compare_records

    if format_name is None and is_record(first[0]) and is_record(second[0]):
        return compare_records(first[0], second[0])
    return compare_sides(*(read_side(path, wanted, format_name) for path, wanted in (first, second)))
