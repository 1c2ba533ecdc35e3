"""Measure what a disclosure is worth to its reader: can they tell a right answer from a wrong one?

No judge is asked. A classifier learns from question, answer and summary whether the target's answer is right; what it gains over
one that sees question and answer alone is what the summary is worth. A reader who knows more than a linear classifier of words
gains more, so the figure compares policies and is no upper limit.
"""

from collections.abc import Mapping, Sequence
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from harness.results.intervals import to_interval
from harness.results.schema import Interval, UtilityFigures
from harness.stats import CONFIDENCE, Estimate
from traceinv.records import Disclosure
from traceinv.steps import is_exact, right_answer, steps_of

Array = NDArray[np.float64]
FOLDS = 5
MIN_ANSWERS = 50
"""The fewest right answers, and the fewest wrong ones: with 50, the interval of the AUC reaches about 0.08 to either side."""
LONGEST = 4
"""The longest run of words that the classifier knows."""
RESAMPLES = 1000
_WORD = r"\w+|[^\w\s]"


def measure_utility(disclosures: Sequence[Disclosure], traces: Mapping[str, str], seed: int) -> UtilityFigures:
    """Measure a policy's utility, and how much of the traces its summaries convey.

    Args:
        traces: the hidden traces by the question's id; those that nobody knows are missing or empty.
        seed: of the folds and the bootstrap.
    """
    known = [(row, right) for row in disclosures if (right := _is_right(row)) is not None]
    labels = np.array([right for _, right in known], dtype=int)
    auc, gain, withheld = None, None, None
    if not known:
        withheld = "the right answers are not known"
    elif min(labels.sum(), len(labels) - labels.sum()) < MIN_ANSWERS:
        withheld = (
            f"{len(labels) - labels.sum()} wrong answers of {len(labels)}; expected {MIN_ANSWERS} right and wrong ones"
        )
    else:
        alone, whole = (_ranks(texts, labels, seed) for texts in _texts([row for row, _ in known]))
        auc, gain = _areas(alone, whole, labels, seed)
    known_traces = [(row, traces[row.id]) for row in disclosures if traces.get(row.id)]
    conveyed = [share for row, trace in known_traces if (share := _conveyed(row, trace)) is not None]
    return UtilityFigures(
        answers=len(known),
        wrong=int(len(labels) - labels.sum()),
        auc=auc,
        gain=gain,
        withheld=withheld,
        conveyed=_share(conveyed),
        length=_share([len((row.summary or "").split()) / max(len(trace.split()), 1) for row, trace in known_traces]),
    )


def _is_right(row: Disclosure) -> bool | None:
    right = right_answer(row.question)
    return None if right is None else right.strip() == row.answer.strip()


def _texts(rows: Sequence[Disclosure]) -> tuple[list[str], list[str]]:
    """Return what a reader sees of each disclosure: without its summary, and with it."""
    alone = [f"{row.question.text}\n{row.answer}" for row in rows]
    return alone, [f"{text}\n{row.summary or ''}" for text, row in zip(alone, rows, strict=True)]


def _ranks(texts: Sequence[str], labels: NDArray[np.int_], seed: int) -> Array:
    """Rank each text within its fold, from 0 to 1, by how likely its answer is right for a classifier fitted without the fold."""
    from scipy.stats import rankdata
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold
    from sklearn.pipeline import make_pipeline

    ranks = np.zeros(len(texts))
    rows = np.array(texts, dtype=object)
    for fitted, held_out in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(rows, labels):
        words = TfidfVectorizer(
            ngram_range=(1, LONGEST), token_pattern=_WORD, lowercase=False, sublinear_tf=True, min_df=2
        )
        classifier = LogisticRegression(max_iter=1000, class_weight="balanced")
        model = make_pipeline(words, classifier).fit(rows[fitted], labels[fitted])
        ranks[held_out] = (rankdata(model.decision_function(rows[held_out])) - 0.5) / len(held_out)
    return ranks


def _areas(alone: Array, whole: Array, labels: NDArray[np.int_], seed: int) -> tuple[Interval, Interval]:
    """Return the area under the ROC curve of a reader who sees the summary, and its gain over one who sees the answer alone.

    Both have bootstrap intervals. Right and wrong answers are resampled apart, each answer with both of its ranks.
    """
    ranks = np.stack([alone, whole])
    right, wrong = ranks[:, labels == 1], ranks[:, labels == 0]
    rng = np.random.default_rng(seed)
    draws = np.array([_area(_resampled(right, rng), _resampled(wrong, rng)) for _ in range(RESAMPLES)])
    means = _area(right, wrong)
    return _interval(means[1], draws[:, 1]), _interval(means[1] - means[0], draws[:, 1] - draws[:, 0])


def _resampled(ranks: Array, rng: np.random.Generator) -> Array:
    return ranks[:, rng.integers(ranks.shape[1], size=ranks.shape[1])]


def _area(right: Array, wrong: Array) -> Array:
    """Return for each row the share of pairs in which the right answer ranks higher, ties counting half (Mann, Whitney 1947)."""
    from scipy.stats import rankdata

    count = right.shape[1]
    ranks = rankdata(np.concatenate([right, wrong], axis=1), axis=1)[:, :count]
    return np.asarray((ranks.sum(axis=1) - count * (count + 1) / 2) / (count * wrong.shape[1]))


def _interval(mean: float, draws: Array) -> Interval:
    low, high = np.quantile(draws, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return to_interval(Estimate(float(mean), float(low), float(high), None))


def _conveyed(row: Disclosure, trace: str) -> float | None:
    """Return the share of a trace's true steps that the summary has, word for word; None where no exact reader knows."""
    if not is_exact(row.question):
        return None
    true = [step.text for step in steps_of(row.question, trace) if step.true]
    shown = set(map(str.strip, (row.summary or "").splitlines()))
    return fmean(text in shown for text in true) if true else None


def _share(values: Sequence[float]) -> Interval | None:
    """Return the mean of some values with its t interval; None without any."""
    from harness import stats

    return to_interval(stats.estimate(np.array([values]))) if values else None
