"""How far apart two sets of summaries are in style: the inverter is taught on the surrogate's and used on the target's.

Where a simple classifier can tell them apart, an inverter meets summaries that it was not taught on, and a poor inversion may be
due to that instead of to what the summaries hide.
"""

import re
from collections.abc import Sequence
from statistics import fmean, median

import numpy as np
from numpy.typing import NDArray

from harness.results.schema import Interval, Manner, StyleDistance
from harness.stats import CONFIDENCE

FOLDS = 5
RESAMPLES = 1000

_HEADING = re.compile(r"^[ \t]*(?:#{1,6}[ \t]|\*\*[^*\n]{1,80}\*\*:?[ \t]*$|[A-Z][^.\n]{0,60}:[ \t]*$)", re.MULTILINE)
_FIRST_PERSON = re.compile(r"\b(?:I|me|my|we|us|our|let's)\b", re.IGNORECASE)
_WORD = r"\w+|[^\w\s]"
_LATEX = re.compile(r"\\[a-zA-Z]+|\\[(\[]|\$[^$\n]{1,200}\$")


def style_distance(taught: Sequence[str], used: Sequence[str], seed: int = 0) -> StyleDistance:
    """Compare two sets of texts.

    Raises:
        ValueError: a side has fewer texts than there are folds.
    """
    if min(len(taught), len(used)) < FOLDS:
        raise ValueError(f"style distance: expected {FOLDS} texts or more a side, got {len(taught)} and {len(used)}")
    ranks = _ranks([*taught, *used], np.repeat([0, 1], [len(taught), len(used)]), seed)
    auc = _area(ranks[: len(taught)], ranks[len(taught) :], seed)
    return StyleDistance(taught=manner(taught), used=manner(used), auc=auc)


def manner(texts: Sequence[str]) -> Manner:
    """What texts look like."""

    def share(pattern: re.Pattern[str]) -> float:
        return round(fmean(bool(pattern.search(text)) for text in texts), 6)

    return Manner(
        texts=len(texts),
        median_words=median(len(text.split()) for text in texts),
        headings=share(_HEADING),
        first_person=share(_FIRST_PERSON),
        latex=share(_LATEX),
    )


def _ranks(texts: Sequence[str], sides: NDArray[np.int_], seed: int) -> NDArray[np.float64]:
    """Each text's place, from 0 to 1, among those of its fold by how much it is like the second side.

    The classifier is a logistic regression over words and pairs of words, fitted without the fold. Places within a fold are
    used instead of its scores, since scores of different fits cannot be compared: pooled, they would put the area below 0.5 for
    texts that are alike.
    """
    from scipy.stats import rankdata
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold
    from sklearn.pipeline import make_pipeline

    ranks = np.zeros(len(texts))
    rows = np.array(texts, dtype=object)
    for taught, held_out in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(rows, sides):
        words = TfidfVectorizer(ngram_range=(1, 2), token_pattern=_WORD, lowercase=False, sublinear_tf=True)
        model = make_pipeline(words, LogisticRegression(max_iter=1000)).fit(rows[taught], sides[taught])
        scores = model.decision_function(rows[held_out])
        ranks[held_out] = (rankdata(scores) - 0.5) / len(held_out)
    return ranks


def _area(first: NDArray[np.float64], second: NDArray[np.float64], seed: int) -> Interval:
    """The share of pairs of a text of each side in which the second's place is the higher, with its bootstrap interval."""
    from scipy.stats import bootstrap

    found = bootstrap(
        (first, second),
        _area_under_curve,
        vectorized=False,
        n_resamples=RESAMPLES,
        confidence_level=CONFIDENCE,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    low, high = round(float(found.low), 6), round(float(found.high), 6)
    return Interval(mean=round(_area_under_curve(first, second), 6), low=low, high=high, spread=None)


def _area_under_curve(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(np.repeat([0, 1], [len(first), len(second)]), np.concatenate([first, second])))
