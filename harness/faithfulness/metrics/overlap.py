"""Measure how much of one text's wording another shares.

The name of each figure says which package's variant it is; it equals that package to 1e-9
(tests/harness/faithfulness/metrics/test_overlap.py).
"""

from collections.abc import Callable, Collection
from functools import cache, partial
from typing import Any

from harness.faithfulness.metrics.ngrams import run_counts, shared_runs
from harness.faithfulness.metrics.rouge import rouge_l, rouge_lsum, rouge_n
from harness.faithfulness.metrics.text import Text

MAX_NGRAM = 4


def length_ratio(truth: Text, inverted: Text) -> float:
    """Return how many times as many tokens the inverted text has as the true one; 0 where the true one has none."""
    return len(inverted.tokens) / len(truth.tokens) if truth.tokens else 0.0


def token_f1(truth: Text, inverted: Text) -> float:
    """Return the F1 of clipped token counts."""
    common = shared_runs(truth.tokens, inverted.tokens, 1)[0]
    return 2 * common / (len(truth.tokens) + len(inverted.tokens)) if common else 0.0


def token_f1_sets(truth: Text, inverted: Text) -> float:
    """Return the F1 of the sets of nltk's words."""
    true_words, words = set(truth.nltk), set(inverted.nltk)
    common = len(true_words & words)
    return 2 * common / (len(true_words) + len(words)) if common else 0.0


def bleu_sacrebleu(truth: Text, inverted: Text) -> float:
    """Return sacrebleu's sentence BLEU (tokenizer 13a, exponential smoothing, effective order), divided by 100."""
    from sacrebleu.metrics import BLEU

    common = shared_runs(truth.bleu, inverted.bleu, MAX_NGRAM)
    total = run_counts(inverted.bleu, MAX_NGRAM)
    sizes = {"sys_len": len(inverted.bleu), "ref_len": len(truth.bleu)}
    score = float(BLEU.compute_bleu(common, total, **sizes, smooth_method="exp", effective_order=True).score) / 100
    return min(score, 1.0)  # of equal texts it is a hair more


def bleu_nltk(truth: Text, inverted: Text) -> float:
    """Return nltk's sentence BLEU with smoothing method 3 (Chen and Cherry 2014)."""
    from fractions import Fraction
    from math import exp, fsum, log

    from nltk.translate.bleu_score import brevity_penalty

    common, total = shared_runs(truth.nltk, inverted.nltk, MAX_NGRAM), run_counts(inverted.nltk, MAX_NGRAM)
    if not common[0]:
        return 0.0
    # nltk counts one possible run where the text is too short for any
    shares = [Fraction(c, max(t, 1), _normalize=False) for c, t in zip(common, total, strict=True)]  # type: ignore[call-overload]
    smoothed = _smoothing()(shares)
    penalty = brevity_penalty(len(truth.nltk), len(inverted.nltk))
    return float(penalty * exp(fsum(log(share) / MAX_NGRAM for share in smoothed)))


@cache
def _smoothing() -> Any:
    from nltk.translate.bleu_score import SmoothingFunction

    return SmoothingFunction().method3


MEASURES: dict[str, Callable[[Text, Text], float]] = {
    "length_ratio": length_ratio,
    "token_f1": token_f1,
    "token_f1_sets": token_f1_sets,
    "bleu_sacrebleu": bleu_sacrebleu,
    "bleu_nltk": bleu_nltk,
    "rouge1": partial(rouge_n, n=1),
    "rouge2": partial(rouge_n, n=2),
    "rougeL": rouge_l,
    "rougeLsum": rouge_lsum,
}
"""What computes each figure, by its name."""


def overlap(truth: Text, inverted: Text, wanted: Collection[str] = tuple(MEASURES)) -> dict[str, float]:
    """Return the overlap figures of a pair, or those that are wanted.

    Returns:
        `length_ratio`: tokens of the inverted trace divided by those of the true trace (0 where the true one has none).
        `token_f1`: F1 of tokens as multisets, so that repeating a token earns nothing; tokens as the `Text` splits them.
        `token_f1_sets`: F1 of the sets of nltk's words, the variant of arXiv 2603.07267; blind to repetition and order.
        `bleu_sacrebleu`: sacrebleu's `sentence_bleu` divided by 100.
        `bleu_nltk`: nltk's `sentence_bleu` of its words with smoothing method 3, the variant of arXiv 2603.07267.
        `rouge1`, `rouge2`, `rougeL`, `rougeLsum`: rouge-score's F-measures with stemming.
    """
    return {name: measure(truth, inverted) for name, measure in MEASURES.items() if name in wanted}
