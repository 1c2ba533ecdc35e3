"""The errors that a user can mend, printed as one line without a traceback."""

from collections.abc import Iterable
from difflib import get_close_matches


class InputError(Exception):
    """The input is wrong (exit code 2): the message says which file, which field, and what was expected."""


class GateError(Exception):
    """A gate refused to go on (exit code 1): the work would have produced numbers that mislead."""


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint to append to `unknown NAME`: the nearest known name, or all of them where none is near."""
    names = list(known)
    close = get_close_matches(name, names, n=1)
    return f" (did you mean {close[0]!r}?)" if close else f" (known: {', '.join(names)})"
