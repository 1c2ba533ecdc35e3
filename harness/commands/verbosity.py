"""`--version`, and `--verbose` of every command."""

import argparse
import logging
import sys
from collections.abc import Iterator, Sequence
from typing import Any

LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)
"""What is logged by how often `-v` is given; the last also of the libraries."""
OURS = ("harness", "traceinv")


class ShowVersion(argparse.Action):
    """Print the package's version and exit."""

    def __init__(self, option_strings: Sequence[str], dest: str, **settings: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, **settings)

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        import traceinv

        print(f"traceinv {traceinv.__version__}")
        parser.exit()


def add_verbose(parser: argparse.ArgumentParser) -> None:
    """Add `-v` to a parser and to those of its subcommands: it may stand before or after a command."""
    for inner, default in _parsers(parser, 0):
        inner.add_argument(
            "-v",
            "--verbose",
            action="count",
            default=default,
            help="log what is done, and show tracebacks of errors; twice: what libraries log too",
        )


def log_to_terminal(verbose: int) -> None:
    """Log to the standard error stream, one line with its time each; nothing where `verbose` is 0."""
    if not verbose:
        return
    level = LEVELS[min(verbose, len(LEVELS) - 1)]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s", "%H:%M:%S"))
    for name in OURS if verbose == 1 else ("",):
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.setLevel(level)


def _parsers(parser: argparse.ArgumentParser, default: Any) -> Iterator[tuple[argparse.ArgumentParser, Any]]:
    """Yield a parser with its default, and those of its subcommands, which leave the value of the one above alone."""
    yield parser, default
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                yield from _parsers(inner, argparse.SUPPRESS)
