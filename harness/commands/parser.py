"""The parser of the command line: a wrong word is answered in one line, with the nearest right one."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from harness.commands.exits import BAD_INPUT
from harness.results.text import plain
from traceinv.errors import nearest


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line; subcommands are parsed by the same class."""

    def error(self, message: str) -> NoReturn:
        """Print one line and exit with 2."""
        self.exit(BAD_INPUT, f"{self.prog}: {plain(message)}; see {self.prog} --help\n")

    def parse_known_args(  # type: ignore[override]  # the overloads of the standard library
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parse, and refuse a word that is left over where the command is known that it was given to."""
        parsed, left = super().parse_known_args(args, namespace)
        if left:
            word = left[0].partition("=")[0]
            hint = nearest(word, self._option_string_actions) if word.startswith("-") else ""
            self.error(f"unexpected argument {left[0]!r}{hint}")
        return parsed, left

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            choices = [str(choice) for choice in action.choices]
            raise argparse.ArgumentError(action, f"unknown {value!r}{nearest(str(value), choices)}")

    def _get_value(self, action: argparse.Action, arg_string: str) -> Any:
        if action.type is Path and not arg_string:  # Path("") is the current folder
            raise argparse.ArgumentError(action, "expected a path, got an empty text")
        return super()._get_value(action, arg_string)
