"""Options that several commands share, and the types of their values."""

import argparse
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

from traceinv.errors import InputError

LOG_FORMATS = ("traceinv", "lm-eval", "inspect", "eee")
"""The formats of `harness.logs.formats`, which is not imported for a parser."""
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def add_include(parser: argparse.ArgumentParser) -> None:
    """Add `--include-path`, which `include_tasks` carries out."""
    parser.add_argument(
        "--include-path",
        action="append",
        default=[],
        metavar="DIR",
        help="a folder with further tasks; may be given more than once",
    )


def include_tasks(options: argparse.Namespace) -> None:
    """Add the folders of `--include-path` to the catalogue of tasks.

    Raises:
        InputError: a folder is missing, or has no task in it.
    """
    from harness.benchmarks.catalog import discover
    from harness.benchmarks.folders import include

    for folder in options.include_path:
        try:
            include([folder])
        except InputError as error:
            raise InputError(f"--include-path: {error}") from None
        if not discover(Path(folder).expanduser().resolve()):
            raise InputError(f"--include-path {folder}: no task in it; expected a YAML file with the key `task`")


def add_data(parser: argparse.ArgumentParser) -> None:
    """Add `--data-dir` and `--param`: where the data is, and values in place of the tasks' metadata."""
    parser.add_argument("--data-dir", metavar="DIR", help="read the data from this folder instead of the hub")
    parser.add_argument(
        "--param",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="set a task's parameter, such as LiveCodeBench's release=release_v5",
    )


def add_log_format(parser: argparse.ArgumentParser) -> None:
    """Add `--format`: of recorded samples."""
    parser.add_argument(
        "--format",
        choices=LOG_FORMATS,
        help="of the recorded samples (default: told by their content)",
    )


def place(text: str) -> Path | str:
    """Read the place of a store: a folder, or the address of a bucket."""
    return text if "://" in text else Path(text)


def names(text: str) -> tuple[str, ...]:
    """Read `a,b` as names."""
    return tuple(name for name in text.split(",") if name)


def pairs(text: str) -> dict[str, Any]:
    """Read `a=1,b=x` as a mapping."""
    return dict(_pair(part) for part in text.split(",") if part)


def parameters(pairs: Sequence[str], option: str = "--param") -> dict[str, Any]:
    """Read the values of an option that may be given more than once as a mapping.

    Raises:
        InputError: a value is not `KEY=VALUE`.
    """
    try:
        return dict(_pair(part) for part in pairs)
    except argparse.ArgumentTypeError as error:
        raise InputError(f"{option}: {error}") from None


def _pair(text: str) -> tuple[str, Any]:
    """Read `KEY=VALUE`; a value that is JSON (a number, true, null) becomes that value, other values stay text."""
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise argparse.ArgumentTypeError(f"expected KEY=VALUE, got {text!r}")
    try:
        return key, json.loads(value)
    except ValueError:
        return key, value


def positive(text: str) -> int:
    """Read a whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, got {text!r}")
    return int(text)


def whole(text: str) -> int:
    """Read a whole number."""
    if not text.removeprefix("-").isdecimal():
        raise argparse.ArgumentTypeError(f"expected a whole number, got {text!r}")
    return int(text)


def real(text: str) -> float:
    """Read a finite number."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise argparse.ArgumentTypeError(f"expected a number, got {text!r}")
    return number


def check_at_least(options: argparse.Namespace, **least: float) -> None:
    """Check that options are not below their least values; options that were not given are skipped.

    Raises:
        InputError: one is below, or not a number.
    """
    for name, limit in least.items():
        value = getattr(options, name)
        if value is not None and not value >= limit:
            raise InputError(f"--{name.replace('_', '-')} {value}: expected {limit:g} or more")
