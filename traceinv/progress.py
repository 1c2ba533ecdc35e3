"""How long-running work reports the share that is done."""

from collections.abc import Callable

Progress = Callable[[float], None]
"""Receives the share done, from 0 to 1."""


def silent(share: float) -> None:
    """Ignore a progress report."""
