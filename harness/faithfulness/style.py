"""How far apart two sets of summaries are in style: the inverter is taught on the surrogate's and used on the target's.

Where a simple classifier can tell them apart, an inverter meets summaries that it was not taught on, and a poor inversion may be
due to that instead of to what the summaries hide.
"""

import re
from collections.abc import Sequence
from statistics import fmean, median

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from harness.stats import CONFIDENCE

FOLDS = 5
RESAMPLES = 1000

_HEADING = re.compile(r"^[ \t]*(?:#{1,6}[ \t]|\*\*[^*\n]{1,80}\*\*:?[ \t]*$|[A-Z][^.\n]{0,60}:[ \t]*$)", re.MULTILINE)
_FIRST_PERSON = re.compile(r"\b(?:I|me|my|we|us|our|let's)\b", re.IGNORECASE)
_WORD = r"\w+|[^\w\s]"
_LATEX = re.compile(r"\\[a-zA-Z]+|\\[(\[]|\$[^$\n]{1,200}\$")


class Manner(BaseModel):
    """What the texts of one side look like; shares are of texts."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    texts: int
    median_words: float
    headings: float
    first_person: float
    latex: float


class StyleDistance(BaseModel):
    """Two sides, and how well a classifier of their words tells a text of one from a text of the other.

    Attributes:
        auc: area under the ROC curve, cross-validated: 0.5 cannot tell them apart, 1 always can. `low` and `high` are its 95%
            bootstrap interval over texts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    first: Manner
    second: Manner
    auc: float
    low: float
    high: float


def style_distance(first: Sequence[str], second: Sequence[str], seed: int = 0) -> StyleDistance:
    """Compare two sets of texts.

    Raises:
        ValueError: a side has fewer texts than there are folds.
    """
    if min(len(first), len(second)) < FOLDS:
        raise ValueError(f"style distance: expected {FOLDS} texts or more a side, got {len(first)} and {len(second)}")
    ranks = _ranks([*first, *second], np.repeat([0, 1], [len(first), len(second)]), seed)
    auc, low, high = _area(ranks[: len(first)], ranks[len(first) :], seed)
    return StyleDistance(first=manner(first), second=manner(second), auc=auc, low=low, high=high)


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


def _area(first: NDArray[np.float64], second: NDArray[np.float64], seed: int) -> tuple[float, float, float]:
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
    return (
        round(_area_under_curve(first, second), 6),
        round(float(found.low), 6),
        round(float(found.high), 6),
    )


def _area_under_curve(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(np.repeat([0, 1], [len(first), len(second)]), np.concatenate([first, second])))
