"""How much of one text's wording another shares."""

from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rouge_score.rouge_scorer import RougeScorer

ROUGE = ("rouge1", "rouge2", "rougeL")


def length_ratio(truth: str, inverted: str) -> float:
    """Words of the inverted trace for each word of the true one."""
    return len(inverted.split()) / len(truth.split())


def token_f1(truth: str, inverted: str) -> float:
    """F1 of clipped word counts (multisets, so repeating a word earns nothing), words split at white space."""
    true_words, words = Counter(truth.split()), Counter(inverted.split())
    shared = (true_words & words).total()
    return 2 * shared / (true_words.total() + words.total())


def rouge(truth: str, inverted: str) -> dict[str, float]:
    """ROUGE-1, ROUGE-2 and ROUGE-L F-measures, as rouge-score computes them with stemming (Lin 2004)."""
    scores = _scorer(ROUGE).score(truth, inverted)
    return {name: float(scores[name].fmeasure) for name in ROUGE}


@cache
def _scorer(names: Sequence[str]) -> "RougeScorer":
    from rouge_score.rouge_scorer import RougeScorer

    return RougeScorer(list(names), use_stemmer=True)
