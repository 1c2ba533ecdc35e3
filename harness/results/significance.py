"""When a difference is significant, and how it is stated."""

from dataclasses import dataclass

from harness.results.schema import Interval, LeakRow, TestedDifference
from harness.results.text import number, points_interval

SIGNIFICANT = 0.05


@dataclass(frozen=True)
class StatedDifference:
    """A difference of two accuracies in words.

    Attributes:
        mean: the difference, from -1 to 1.
        significant: whether it is significant.
        points: the difference with its interval: `+3.4 points [-1.3, 8.1]`.
        significance: the same as `significant` in words, with what limits it.
        detectable: from which difference on it would have been significant, after a semicolon; empty where it is.
    """

    mean: float
    significant: bool
    points: str
    significance: str
    detectable: str = ""

    @property
    def short(self) -> str:
        """The difference and its significance."""
        return f"{self.points}, {self.significance}"


def is_significant(contrast: TestedDifference) -> bool:
    """Return whether the interval excludes 0 and the corrected p-value is below 0.05."""
    return excludes_zero(contrast.difference) and contrast.p_holm < SIGNIFICANT


def excludes_zero(interval: Interval) -> bool:
    """Return whether an interval excludes 0."""
    return not interval.low <= 0 <= interval.high


def is_void(difference: Interval) -> bool:
    """Return whether an interval holds every difference that two accuracies can have, as with two questions: it says nothing."""
    return difference.low <= -1 and difference.high >= 1


def points_of(difference: Interval) -> str:
    """Write a difference with its interval: `+3.4 points [-1.3, 8.1]`."""
    mean, _, ends = points_interval(difference).partition(" ")
    return f"{mean} points {ends}"


def state_gain(row: LeakRow, gain: Interval) -> StatedDifference:
    """State the gain of a row of leaks."""
    these = " for these students" if row.one_seed else ""
    if excludes_zero(gain):
        words = f"{'significant' if gain.low > 0 else 'significantly less'}{these}"
        return StatedDifference(gain.mean, True, points_of(gain), words)
    words = f"not significant{these}"
    return StatedDifference(gain.mean, False, points_of(gain), words, _would_have_shown(row.detectable))


def state_contrast(contrast: TestedDifference) -> StatedDifference:
    """State a tested difference."""
    these, difference = " for these two students" if contrast.one_seed else "", contrast.difference
    if is_significant(contrast):
        words = f"{'significant' if difference.mean > 0 else 'significantly less'}{these}"
        return StatedDifference(difference.mean, True, points_of(difference), words)
    holm = " after Holm correction" if excludes_zero(difference) else ""
    words = f"not significant{holm}{these}"
    return StatedDifference(
        difference.mean, False, points_of(difference), words, _would_have_shown(contrast.detectable)
    )


def _would_have_shown(detectable: float | None) -> str:
    return "" if detectable is None else f"; {number(100 * detectable, 1)} or more would have shown"
