"""`traceinv completion`: a script by which a shell completes the commands and their options."""

import argparse
from collections.abc import Iterator

from harness.commands.exits import DONE
from harness.commands.options import Commands

SHELLS = ("bash", "zsh", "tcsh")
FOLDERS, FILES = ("DIR",), ("FILE", "RECIPE", "JSONL", ".jsonl", ".html", "PATH")
"""Parts of the names of arguments that are folders and files."""


def add_completion(commands: Commands, parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments.

    Args:
        parser: whose commands are completed.
    """
    completion = commands.add_parser(
        "completion",
        help="print a script that completes commands in a shell",
        description="Print a shell's script of completions. For bash: traceinv completion bash > "
        "~/.local/share/bash-completion/completions/traceinv",
    )
    completion.add_argument("shell", choices=SHELLS)
    completion.set_defaults(command=lambda options: _print_script(options.shell, parser))


def _print_script(shell: str, parser: argparse.ArgumentParser) -> int:
    import shtab

    for action in _actions(parser):
        name = str(action.metavar or "")
        if any(part in name for part in FOLDERS):
            action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
        elif any(part in name for part in FILES):
            action.complete = shtab.FILE  # type: ignore[attr-defined]
    print(shtab.complete(parser, shell))
    return DONE


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Yield the arguments of a parser and of its subcommands."""
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                yield from _actions(inner)
