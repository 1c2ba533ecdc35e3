"""`traceinv leaderboard`: make leaderboard.md from the records of a folder."""

import argparse
from pathlib import Path

from harness.commands.exits import BAD_INPUT, DONE, FAILED, complain
from harness.commands.options import Commands
from harness.commands.outputs import check_file


def add_leaderboard(commands: Commands) -> None:
    """Add the command's arguments."""
    parser = commands.add_parser("leaderboard", help="regenerate leaderboard.md from the records in results/")
    parser.add_argument("--results", type=Path, default=Path("results"), metavar="DIR", help="a folder of records")
    parser.add_argument("--out", type=Path, default=Path("leaderboard.md"), metavar="FILE", help="the file to write")
    parser.add_argument(
        "--report", metavar="ADDRESS", help="the page of `traceinv report` that rows lead to, relative to FILE"
    )
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if FILE is out of date")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Write or check the leaderboard; 0 when done, 1 when FILE is out of date, 2 when a record was left out.

    Raises:
        InputError: the folder holds no record, or FILE cannot be written.
    """
    from harness.files import write_atomic
    from harness.leaderboard.page import build

    if not options.check:
        check_file("--out", options.out)
    built = build(options.results, options.out, options.report)
    for line in built.refused:
        complain(line, BAD_INPUT)
    code = BAD_INPUT if built.refused else DONE
    if options.check:
        current = options.out.read_text(encoding="utf-8") if options.out.exists() else None
        if built.markdown == current or code:
            return code
        return complain(f"{options.out}: not up to date with {options.results}; run `traceinv leaderboard`", FAILED)
    write_atomic(options.out, built.markdown)
    print(f"wrote {options.out}")
    return code
