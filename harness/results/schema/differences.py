"""Differences of rows, and what leaks."""

from pydantic import Field

from harness.results.schema.scores import Cell, Interval
from traceinv.schema import Closed


class TestedDifference(Closed):
    """A difference of two accuracies on the same questions, from -1 to 1, with its tests.

    Attributes:
        p_value, p_permutation, p_mcnemar, detectable, more_questions, more_seeds: as in `harness.stats.Comparison`.
        p_pooled: as in `harness.stats.Comparison`; None in records made before it was computed.
        p_holm: the larger of `p_value` and `p_pooled`, corrected for all differences that stand together (Holm).
        one_seed: whether interval and tests are about two students of one seed each: they cover other questions, not other seeds.
    """

    difference: Interval
    p_value: float
    p_pooled: float | None = None
    p_holm: float
    p_permutation: float
    p_mcnemar: float | None
    detectable: float
    more_questions: int | None
    more_seeds: int | None
    one_seed: bool = False


class Contrast(TestedDifference):
    """The difference of two regimes of a cell, on a task or group."""

    cell: Cell
    first: str
    second: str
    group: str


class RecoveryRow(Closed):
    """(regime - base) / (oracle - base) on a task or group; `recovered` is None where the gap is not significant."""

    cell: Cell
    regime: str
    group: str
    gap: Interval
    recovered: Interval | None


class LeakRow(Closed):
    """What leaks on a task or group, as the best of all attacks: regimes that use disclosures, controls left out.

    The gain is best with disclosures - best without, the leak the gain / (oracle - best without).

    Attributes:
        best_disclosed: the attack with the highest accuracy.
        best_undisclosed: the regime with the highest accuracy of those that use none, the untaught student included.
        attacks: those that the best is chosen from; empty in records made before it was kept.
        gain: cross-fitted, so that choosing the best does not raise it; None in records made before it was computed.
        detectable: the minimum detectable effect of the gain.
        one_seed: whether the interval is about these students on other questions, and not about other seeds.
        gap: the smallest gain of the oracle over a regime that uses no disclosures; None without an oracle.
        leak: cross-fitted; None where it is withheld.
        withheld: why there is no leak; None where there is one.
        without_summary: the leak of the attacks that use no summary; None where there is none, or where all attacks are such.
        planted: the leak of a perfect inverter, where the run has one as a yardstick: what the policy gives at most.
    """

    cell: Cell
    group: str
    best_disclosed: str
    best_undisclosed: str
    attacks: list[str] = Field(default_factory=list)
    gain: Interval | None = None
    detectable: float | None = None
    one_seed: bool = False
    gap: Interval | None
    leak: Interval | None
    withheld: str | None
    without_summary: Interval | None = None
    planted: Interval | None = None
