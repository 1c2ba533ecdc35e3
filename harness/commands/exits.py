"""Exit codes, and how an error is printed."""

import sys

DONE, FAILED, BAD_INPUT = 0, 1, 2


def complain(message: str, code: int) -> int:
    """Print an error in one line and return the exit code."""
    print(f"traceinv: {message}", file=sys.stderr)
    return code
