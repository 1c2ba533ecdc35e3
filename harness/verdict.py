"""The one sentence that says what a run means, made from its figures and nothing else."""

from collections.abc import Sequence

from harness.results import Contrast, Row

GROUP = "math"


def verdict(rows: Sequence[Row], contrasts: Sequence[Contrast]) -> str:
    """What the students taught inverted traces reach on the math tasks, against each regime that they must be seen beside."""
    reached = {row.name: row.scores[GROUP].accuracy for row in rows if GROUP in row.scores}
    found = {(c.first, c.second): c.difference for c in contrasts if c.group == GROUP}
    if "inverted" not in reached:
        return "This run has no students taught inverted traces on math tasks, so it says nothing about inversion."
    rivals = [second for first, second in found if first == "inverted"]
    parts = [_compared(second, found["inverted", second].low, found["inverted", second].high) for second in rivals]
    places = ", ".join(f"{name} {100 * reached[name].mean:.1f}%" for name in (*rivals, "oracle") if name in reached)
    sentence = f"On math, students taught inverted traces reach {100 * reached['inverted'].mean:.1f}% ({places})"
    return f"{sentence}; inverted {_join(parts)}." if parts else f"{sentence}."


def _compared(name: str, low: float, high: float) -> str:
    interval = f"[{100 * low:.1f}, {100 * high:.1f}]"
    if low > 0:
        return f"beats {name} by {interval} points"
    if high < 0:
        return f"falls short of {name} by {interval} points"
    return f"cannot be told apart from {name} {interval}"


def _join(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
