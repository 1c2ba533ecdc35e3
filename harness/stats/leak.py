"""Leak: how much of the oracle's gain disclosures give beyond what a student can be taught without them."""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.stats.best import Pairs, Regimes, best_of, cross_fitted
from harness.stats.intervals import Estimate, difference
from harness.stats.noise import CONFIDENCE, Scores, SeedVariance
from harness.stats.paired import centre_of
from harness.stats.planning import detectable
from harness.stats.variance import paired_contrast, pool_seeds


@dataclass(frozen=True)
class Gain:
    """What disclosures give beyond what a student can be taught without them: best with disclosures - best without.

    Attributes:
        best_disclosed, best_undisclosed: the regimes with the largest means. No figure of the gain is read from them alone.
        gain: the cross-fitted estimate with its interval. The two have no common source, so the estimate is outside its
            interval in rare cases.
        detectable: the minimum detectable effect of these two regimes, corrected for the number of regimes with disclosures.
        one_seed: whether every regime has one run, so that the interval is about these students on other questions.
    """

    best_disclosed: str
    best_undisclosed: str
    gain: Estimate
    detectable: float
    one_seed: bool


@dataclass(frozen=True)
class Leak:
    """The leak, (best with disclosures - best without) / (oracle - best without).

    Attributes:
        best_disclosed, best_undisclosed: as in `Gain`.
        gap: the smallest gain of the oracle over a regime without disclosures.
        leak: the cross-fitted estimate with its interval; None where it is withheld. The two have no common source, so the
            estimate is outside its interval in rare cases.
        withheld: why there is no leak.
    """

    best_disclosed: str
    best_undisclosed: str
    gap: Estimate
    leak: Estimate | None
    withheld: str | None


def gain(
    disclosed: Regimes,
    undisclosed: Regimes,
    strata: Sequence[str] | None = None,
    pooled: SeedVariance | None = None,
    confidence: float = CONFIDENCE,
) -> Gain:
    """Estimate what the best of several regimes gains over the best of several others, without the bias of choosing them.

    The interval is that of `leak` without the oracle: it is above 0 exactly where the leak's interval is.

    Args:
        disclosed, undisclosed, strata, pooled, confidence: as in `leak`.

    Raises:
        ValueError: as `leak`.
    """
    _check(disclosed, undisclosed)
    if pooled is None:
        pooled = pool_seeds((scores, strata) for scores in (*disclosed.values(), *undisclosed.values()))
    names = best_of(disclosed), best_of(undisclosed)
    first, second = disclosed[names[0]], undisclosed[names[1]]
    _, noise = paired_contrast([first, second], [1.0, -1.0], strata, pooled)
    low, high = Pairs(disclosed, undisclosed, second, strata, pooled, confidence).gain()
    return Gain(
        *names,
        gain=Estimate(cross_fitted(disclosed, strata) - cross_fitted(undisclosed, strata), low, high, None),
        detectable=detectable(noise, centre_of(first, second), 1 - (1 - confidence) / len(disclosed)),
        one_seed=all(len(scores) == 1 for scores in (*disclosed.values(), *undisclosed.values())),
    )


def leak(
    disclosed: Regimes,
    undisclosed: Regimes,
    oracle: Scores,
    strata: Sequence[str] | None = None,
    pooled: SeedVariance | None = None,
    confidence: float = CONFIDENCE,
) -> Leak:
    """Estimate the leak of the best of several regimes, without the bias of choosing the best on the scores that it is read from.

    Args:
        disclosed: the regimes that use disclosures, controls left out.
        undisclosed: the regimes that use none, the untaught student among them.
        oracle: the scores of the oracle.
        strata: the task of each question, as in `estimate`.
        pooled: the variance between seeds, from `pool_seeds`; by default that of these regimes.
        confidence: of the leak's interval; several leaks that stand together share the error (Bonferroni).

    Raises:
        ValueError: a group of regimes is empty, or as `contrast`.
    """
    _check(disclosed, undisclosed)
    if pooled is None:
        pooled = pool_seeds((scores, strata) for scores in (*disclosed.values(), *undisclosed.values(), oracle))
    gaps = [difference(oracle, scores, strata, pooled) for scores in undisclosed.values()]
    gap = min(gaps, key=lambda gap: gap.mean)
    reached, withheld = None, None
    if min(gap.low for gap in gaps) <= 0:
        withheld = "the oracle's gain over a regime without disclosures is not significant"
    else:
        share = _share(disclosed, undisclosed, oracle, strata)
        pairs = Pairs(disclosed, undisclosed, oracle, strata, pooled, confidence)
        ends = pairs.end(share, -1.0), pairs.end(share, 1.0)
        if share is None or ends[0] is None or ends[1] is None:
            withheld = "the interval has no end"
        else:
            reached = Estimate(share, ends[0], ends[1], None)
    return Leak(best_of(disclosed), best_of(undisclosed), gap, reached, withheld)


def _check(disclosed: Regimes, undisclosed: Regimes) -> None:
    if not disclosed or not undisclosed:
        raise ValueError("expected a regime with disclosures and one without")


def _share(disclosed: Regimes, undisclosed: Regimes, oracle: Scores, strata: Sequence[str] | None) -> float | None:
    """Return the cross-fitted leak; None without a gap."""
    best, without = cross_fitted(disclosed, strata), cross_fitted(undisclosed, strata)
    gap = float(oracle.mean()) - without
    return (best - without) / gap if gap > 0 else None
