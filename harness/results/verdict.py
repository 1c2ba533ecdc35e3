"""The one sentence that says what a run means, made from its figures and nothing else."""

from collections.abc import Sequence

from harness.results.schema import Contrast, Interval, RecoveryRow, Row, TestedDifference
from harness.stats.planning import MOST_QUESTIONS, MOST_SEEDS

GROUP = "math"
SIGNIFICANT = 0.05
LEAST = 0.0005
"""A difference that would be printed as none: no number of questions or seeds is worth naming for it."""


def verdict(rows: Sequence[Row], contrasts: Sequence[Contrast], recovery: Sequence[RecoveryRow]) -> str:
    """How students taught inverted traces compare on the math tasks with each regime that they must be seen beside."""
    reached = {row.name: row.scores[GROUP].accuracy.mean for row in rows if GROUP in row.scores}
    if "inverted" not in reached:
        return "This run has no students taught inverted traces on math tasks, so it says nothing about inversion."
    against = [c for c in contrasts if c.first == "inverted" and c.group == GROUP and c.second in reached]
    clear = [each for each in against if not _covers_zero(each)]
    parts = [_compared(each, reached[each.second], len(contrasts)) for each in clear]
    unclear = [_not_told_apart(each, reached[each.second]) for each in against if _covers_zero(each)]
    if unclear:
        parts.append(f"cannot be told apart at this size from {_join(unclear)}")
    recovered = _recovered([row for row in recovery if row.regime == "inverted" and row.group == GROUP])
    sentence = f"On math, inverted ({100 * reached['inverted']:.1f}%)"
    told = [*parts, *recovered] or ["stands alone: the run has no regime to compare it with"]
    once = (
        ""
        if any(len(row.seeds) > 1 for row in rows)
        else " There is one seed, so nothing is known of how others differ."
    )
    return f"{sentence} {_join(told)}.{once}"


def is_significant(contrast: TestedDifference) -> bool:
    """Whether its interval leaves 0 out, and it is told apart with all contrasts of its record counted."""
    return not _covers_zero(contrast) and contrast.p_holm < SIGNIFICANT


def told_apart(contrast: TestedDifference, count: int) -> str:
    """`yes`, or what a reader must know beside a no: the smallest difference that would have shown, and what would settle it."""
    if is_significant(contrast):
        return "yes"
    if not _covers_zero(contrast):
        return f"not surely so among {count} comparisons"
    return f"no: {_no_difference(contrast)}"


def points(interval: Interval, unit: str = "") -> str:
    """`1.0 [-2.0, 4.0]`, of a share or a difference of shares."""
    return f"{100 * interval.mean:.1f}{unit} [{100 * interval.low:.1f}, {100 * interval.high:.1f}]"


def _covers_zero(contrast: TestedDifference) -> bool:
    return contrast.difference.low <= 0 <= contrast.difference.high


def _compared(contrast: Contrast, other: float, count: int) -> str:
    name = f"{contrast.second} ({100 * other:.1f}%)"
    ahead = contrast.difference.low > 0
    size = points(contrast.difference if ahead else _negative(contrast.difference), " points")
    if is_significant(contrast):
        return f"{'beats' if ahead else 'falls short of'} {name} by {size}"
    return f"is {'ahead of' if ahead else 'behind'} {name} by {size}, but not surely so among {count} comparisons"


def _not_told_apart(contrast: Contrast, other: float) -> str:
    difference = points(contrast.difference, " points")
    return f"{contrast.second} ({100 * other:.1f}%; {difference}; {_no_difference(contrast)})"


def _no_difference(contrast: TestedDifference) -> str:
    seen = f"{100 * contrast.detectable:.1f} points would have shown"
    return seen if abs(contrast.difference.mean) < LEAST else f"{seen}; {_more(contrast)}"


def _more(contrast: TestedDifference) -> str:
    """What would make a difference of the size seen here show in 80% of experiments."""
    size = f"{abs(100 * contrast.difference.mean):.1f}"
    wanted = ((contrast.more_questions, "questions"), (contrast.more_seeds, "seeds"))
    ways = [f"{number:,} more {what}" for number, what in wanted if number is not None]
    if ways:
        return f"about {' or '.join(ways)} would show {size}"
    return f"not even {MOST_QUESTIONS:,} more questions or {MOST_SEEDS} more seeds would show {size}"


def _recovered(rows: Sequence[RecoveryRow]) -> list[str]:
    if not rows:
        return []
    share = rows[0].recovered
    if share is None:
        return [
            f"recovers no share that can be stated, since the oracle's gain over base is {points(rows[0].gap, ' points')}"
        ]
    return [f"recovers {points(share, '%')} of the gain from base to oracle"]


def _negative(interval: Interval) -> Interval:
    return Interval(mean=-interval.mean, low=-interval.high, high=-interval.low, spread=interval.spread)


def _join(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
