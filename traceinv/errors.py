"""The errors that a user can mend, printed as one line without a traceback."""

from collections.abc import Iterable
from difflib import get_close_matches

MAX_MESSAGE = 2000
"""Characters of a message; a file of others may have keys and names of any length."""
_END = 400
"""Characters that are kept of the end of a longer message."""


class _OneLine(Exception):
    """An error whose message is of bounded length, whatever it quotes."""

    def __init__(self, message: str) -> None:
        super().__init__(_bounded(message))


class InputError(_OneLine):
    """The input is wrong (exit code 2): the message says which file, which field, and what was expected."""


class GateError(_OneLine):
    """A gate refused to go on (exit code 1): the work would have produced numbers that mislead."""


MAX_LISTED = 40
"""A hint lists at most so many names."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a hint to append to `unknown NAME`: the nearest known name, or all of them where none is near and they are few."""
    names = list(known)
    close = get_close_matches(name, names, n=1)
    if close:
        return f" (did you mean {close[0]!r}?)"
    return f" (known: {', '.join(names)})" if len(names) <= MAX_LISTED else f" ({len(names)} are known)"


def _bounded(message: str) -> str:
    if len(message) <= MAX_MESSAGE:
        return message
    left_out = f" [{len(message) - MAX_MESSAGE:,} characters left out] "
    return message[: MAX_MESSAGE - _END - len(left_out)] + left_out + message[-_END:]
