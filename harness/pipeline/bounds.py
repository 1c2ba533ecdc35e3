"""The largest numbers of a recipe: whatever kinds of questions, targets and policies it names, more cannot be made or kept."""

from collections.abc import Mapping
from typing import Any

MAX_NUMBER = 10_000_000
"""Questions, tokens, steps or rows."""
FREE = ("seed", "seeds", "parameters")
"""Keys whose numbers are no sizes, and those of a task's own."""


def oversized(value: Any, key: str = "") -> str | None:
    """Describe the first number of a recipe that is too large, or None."""
    if isinstance(value, int | float) and abs(value) > MAX_NUMBER:
        return f"{key}: expected a number up to {MAX_NUMBER:,}, got {value!s:.20}"
    if isinstance(value, Mapping):
        parts = [(f"{key}.{name}" if key else str(name), part) for name, part in value.items() if name not in FREE]
    elif isinstance(value, list):
        parts = [(f"{key}.{index}", part) for index, part in enumerate(value)]
    else:
        return None
    return next((found for name, part in parts if (found := oversized(part, name))), None)
