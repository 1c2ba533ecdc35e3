"""Measure how different in style two sets of summaries are.

An inverter is trained on the surrogate's summaries and used on the target's. Where a simple classifier can tell the two
apart, a poor inversion may come from the unfamiliar style and not from what the summaries hide.
"""

import re
from collections.abc import Sequence
from statistics import fmean, median
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from harness.results.intervals import to_interval
from harness.results.schema import Interval, StyleDistance, StyleStats
from harness.stats import CONFIDENCE, Estimate
from traceinv.records import Disclosure

FOLDS = 5
MIN_TEXTS = FOLDS
"""The least number of texts on either side: one for each fold of the cross-validation."""
RESAMPLES = 1000

Side = Literal["trained on", "used on"]

_HEADING = re.compile(r"^[ \t]*(?:#{1,6}[ \t]|\*\*[^*\n]{1,80}\*\*:?[ \t]*$|[A-Z][^.\n]{0,60}:[ \t]*$)", re.MULTILINE)
_FIRST_PERSON = re.compile(r"\b(?:I|me|my|we|us|our|let's)\b", re.IGNORECASE)
_WORD = r"\w+|[^\w\s]"
_LATEX = re.compile(r"\\[a-zA-Z]+|\\[(\[]|\$[^$\n]{1,200}\$")


class TooFewTexts(Exception):
    """A side has fewer than `MIN_TEXTS` texts."""

    def __init__(self, side: Side, texts: int) -> None:
        super().__init__(f"style distance: expected {MIN_TEXTS} or more texts that inverters are {side}, got {texts}")
        self.side = side
        self.texts = texts


def summary_style(trained: Sequence[Disclosure], used: Sequence[Disclosure], seed: int) -> StyleDistance | None:
    """Compare the summaries of two sets of disclosures; None where a set has too few."""
    texts, used_texts = ([row.summary for row in side if row.summary] for side in (trained, used))
    try:
        return style_distance(texts, used_texts, seed)
    except TooFewTexts:
        return None


def style_distance(trained: Sequence[str], used: Sequence[str], seed: int = 0) -> StyleDistance:
    """Compare two sets of texts.

    Args:
        trained: those that inverters are trained on.
        used: those that inverters are used on.
        seed: of the folds and the bootstrap.

    Raises:
        TooFewTexts: a side has fewer than `MIN_TEXTS`.
    """
    sides: tuple[tuple[Side, Sequence[str]], ...] = (("trained on", trained), ("used on", used))
    for side, texts in sides:
        if len(texts) < MIN_TEXTS:
            raise TooFewTexts(side, len(texts))
    ranks = _ranks([*trained, *used], np.repeat([0, 1], [len(trained), len(used)]), seed)
    auc = _auc(ranks[: len(trained)], ranks[len(trained) :], seed)
    return StyleDistance(taught=style_stats(trained), used=style_stats(used), auc=auc)


def style_stats(texts: Sequence[str]) -> StyleStats:
    """Describe a set of texts: how many, their median length in words, and the shares with each mark of style."""

    def share(pattern: re.Pattern[str]) -> float:
        return round(fmean(bool(pattern.search(text)) for text in texts), 6)

    return StyleStats(
        texts=len(texts),
        median_words=median(len(text.split()) for text in texts),
        headings=share(_HEADING),
        first_person=share(_FIRST_PERSON),
        latex=share(_LATEX),
    )


def _ranks(texts: Sequence[str], sides: NDArray[np.int_], seed: int) -> NDArray[np.float64]:
    """Rank each text within its fold, from 0 to 1, by how much it resembles the second side.

    The classifier is a logistic regression over words and pairs of words, fitted without the fold. Ranks are used because the
    scores of different fits are not comparable: pooled, they give an area below 0.5 for texts of one source.
    """
    from scipy.stats import rankdata
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold
    from sklearn.pipeline import make_pipeline

    ranks = np.zeros(len(texts))
    rows = np.array(texts, dtype=object)
    for fitted, held_out in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(rows, sides):
        words = TfidfVectorizer(ngram_range=(1, 2), token_pattern=_WORD, lowercase=False, sublinear_tf=True)
        model = make_pipeline(words, LogisticRegression(max_iter=1000)).fit(rows[fitted], sides[fitted])
        scores = model.decision_function(rows[held_out])
        ranks[held_out] = (rankdata(scores) - 0.5) / len(held_out)
    return ranks


def _auc(first: NDArray[np.float64], second: NDArray[np.float64], seed: int) -> Interval:
    """Return the area under the ROC curve of two sides' ranks, with its bootstrap interval over texts."""
    from scipy.stats import bootstrap

    interval = bootstrap(
        (first, second),
        _area_under_curve,
        vectorized=False,
        n_resamples=RESAMPLES,
        confidence_level=CONFIDENCE,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return to_interval(
        Estimate(_area_under_curve(first, second), float(interval.low), float(interval.high), spread=None)
    )


def _area_under_curve(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Return the share of pairs in which the second side's rank is higher, ties counting half (Mann and Whitney 1947)."""
    from scipy.stats import rankdata

    ranks = rankdata(np.concatenate([first, second]))[len(first) :]
    return float((ranks.sum() - len(second) * (len(second) + 1) / 2) / (len(first) * len(second)))
