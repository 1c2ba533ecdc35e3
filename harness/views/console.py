"""Consoles: how wide the output is, and which characters it may have."""

import os

from rich.console import Console

WIDTH = 120
"""Columns of output that goes to a file or a pipe."""
PLAIN_LOCALES = ("C", "POSIX")
DUMB = ("dumb", "unknown")


class AsciiConsole(Console):
    """A console whose tables, bars and rules are drawn with ASCII characters alone."""

    @property
    def encoding(self) -> str:
        return "ascii"


def make_console(stderr: bool = False) -> Console:
    """Make a console; output that goes to a file or a pipe is 120 columns wide."""
    kind = AsciiConsole if wants_ascii() else Console
    console = kind(stderr=stderr)
    return console if console.is_terminal else kind(stderr=stderr, width=WIDTH)


def wants_ascii() -> bool:
    """Return whether the user's locale or terminal asks for ASCII.

    Python reads text of the locale C as UTF-8, so the encoding of the output alone does not tell.
    """
    locale = os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    return locale in PLAIN_LOCALES or os.environ.get("TERM", "") in DUMB
