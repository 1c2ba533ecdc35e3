"""What the commands' options are made of."""

import argparse
import json
from collections.abc import Sequence
from typing import Any, TypeAlias

from traceinv.errors import InputError

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def add_data(parser: argparse.ArgumentParser) -> None:
    """The options that say where the data is, and what the tasks are given in place of their metadata."""
    parser.add_argument("--data-dir", metavar="DIR", help="a folder with a mirror of the data, instead of the hub")
    parser.add_argument(
        "--param",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a task's parameter, such as LiveCodeBench's release=release_v5",
    )


def names(text: str) -> tuple[str, ...]:
    """`a,b` as names."""
    return tuple(name for name in text.split(",") if name)


def pairs(text: str) -> dict[str, Any]:
    """`a=1,b=x` as a mapping."""
    return dict(_pair(part) for part in text.split(",") if part)


def parameters(pairs: Sequence[str]) -> dict[str, Any]:
    """The tasks' parameters.

    Raises:
        InputError: one is not `KEY=VALUE`.
    """
    try:
        return dict(_pair(part) for part in pairs)
    except argparse.ArgumentTypeError as error:
        raise InputError(f"--param: {error}") from None


def _pair(text: str) -> tuple[str, Any]:
    """`KEY=VALUE`; a value that is JSON (a number, true, null) is taken as such."""
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise argparse.ArgumentTypeError(f"expected KEY=VALUE, got {text!r}")
    try:
        return key, json.loads(value)
    except ValueError:
        return key, value


def positive(text: str) -> int:
    """A number from 1 on."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected a number from 1 on, got {text}")
    return number
