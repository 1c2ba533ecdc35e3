"""Exit codes, and how an error is printed."""

import sys

from harness.results.text import plain

DONE, FAILED, BAD_INPUT = 0, 1, 2
INCONCLUSIVE = 3
"""What `traceinv gate` exits with where the records do not decide."""


def say(message: str, error: bool = False) -> None:
    """Print a message that may hold text of others; lines and tabs stay, all else that no one sees is escaped."""
    print(plain(message, lines=True), file=sys.stderr if error else sys.stdout)


def complain(message: str, code: int) -> int:
    """Print an error in one line and return the exit code; nothing in it reaches the terminal but visible text."""
    print(f"traceinv: {plain(message)}", file=sys.stderr)
    return code
