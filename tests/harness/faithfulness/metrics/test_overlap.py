"""Overlap figures equal those of the packages that everyone uses, pair by pair."""

import itertools
from collections import Counter
from functools import cache
from random import Random
from typing import Any

import pytest
import sacrebleu
from mirror import mirrored_rows
from nltk.tokenize import NLTKWordTokenizer
from nltk.tokenize.punkt import PunktSentenceTokenizer
from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu
from rouge_score.rouge_scorer import RougeScorer
from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a

from harness.faithfulness.metrics.overlap import overlap
from harness.faithfulness.metrics.text import Text
from harness.faithfulness.metrics.words import bleu_words, nltk_words

WORDS = NLTKWordTokenizer()
ROUGE = ["rouge1", "rouge2", "rougeL", "rougeLsum"]
FORMS = {
    "plain": "We sell 48 clips in April. Then half as many in May.\nSo 48/2 = 24, and 48 + 24 = 72 in all.",
    "turned round": "In all 72 = 48 + 24.\nHalf of April's clips is 24; we aren't selling any in June!",
    "latex": r"Let $f(x)=\frac{x^2+1}{2}$. \[f(3) = \frac{10}{2} = \boxed{5}\] Hence $\sqrt{25}=5$ and \(5\ne-5\).",
    "code": "def f(x):\n    return [y**2 for y in range(x) if y % 2 == 0]  # even ones\n\nprint(f(10))",
    "emoji": "The answer is 🍎🍎 + 🍎 = 3🍎 👩‍👩‍👧, so 3! 🎉🎉",
    "unicode": "Die Lösung ist x² ≤ 5; ∑ₙ 1/n² = π²/6, 所以答案是七。 İstanbul ǅ ﬁne K ſ",
    "entities": "a &lt; b &amp; c &quot;d&quot; <skipped> hyphen-\nated 1,000.50 3-4 U.S. 'tis ``so''",
    "one word": "seven",
    "stop": ".",
    "nothing": "",
    "blank": " \n\t \n ",
    "marks": "?! ... -- $$$ %% \x00 \x85 \u2028",
    "repeats": "the the the the the\nthe the\nthe",
}


@cache
def _rouge() -> RougeScorer:
    return RougeScorer(ROUGE, use_stemmer=True)


def _reference(truth: str, inverted: str) -> dict[str, float]:
    """The packages' own figures."""
    method = SmoothingFunction().method3
    words, true_words = nltk_words(inverted), nltk_words(truth)
    return {
        **{name: score.fmeasure for name, score in _rouge().score(truth, inverted).items()},
        "bleu_sacrebleu": sacrebleu.sentence_bleu(inverted, [truth]).score / 100,
        "bleu_nltk": float(sentence_bleu([true_words], words, smoothing_function=method)) if words else 0.0,
        "token_f1": _f1(Counter(truth.split()), Counter(inverted.split())),
        "token_f1_sets": _f1(Counter(set(true_words)), Counter(set(words))),
    }


def _f1(first: Counter[Any], second: Counter[Any]) -> float:
    total = first.total() + second.total()
    return 2 * (first & second).total() / total if total else 0.0


def _check(truth: str, inverted: str) -> None:
    figures = overlap(Text(truth), Text(inverted))
    for name, value in _reference(truth, inverted).items():
        assert figures[name] == pytest.approx(value, abs=1e-9, rel=0), (name, truth[:80], inverted[:80])


@pytest.mark.parametrize("truth", FORMS)
def test_texts_of_every_form_have_the_packages_figures(truth: str) -> None:
    for inverted in FORMS.values():
        _check(FORMS[truth], inverted)


def test_random_texts_that_tie_in_many_ways_have_the_packages_figures() -> None:
    rng = Random(1)
    words = ["a", "b", "c", "running", "runs", "walked", "x1", "\n", "\n", ",", "$", ".", "isn't", "é", "数", "the"]
    for _ in range(400):
        _check(*(" ".join(rng.choice(words) for _ in range(rng.randrange(40))) for _ in range(2)))


@pytest.mark.slow
def test_human_solutions_have_the_packages_figures() -> None:
    solutions = [row["solution"] for row in mirrored_rows("math500")]
    short = [text for text in solutions if len(text) < 1200][:301]
    for truth, inverted in itertools.pairwise(short):
        _check(truth, inverted)


@pytest.mark.slow
def test_a_text_of_50000_words_has_the_packages_figures() -> None:
    rng = Random(2)
    words = [f"w{rng.randrange(3000)}" for _ in range(50_000)]
    long = "\n".join(" ".join(words[i : i + 20]) for i in range(0, 50_000, 20))
    _check(long, " ".join(rng.sample(words, 12)))
    _check(" ".join(rng.sample(words, 12)), long)


def test_lengths_are_counted_in_the_tokens_of_the_given_tokenizer() -> None:
    figures = overlap(Text("abcd", list), Text("ab", list))
    assert figures["length_ratio"] == 0.5
    assert figures["token_f1"] == pytest.approx(2 * 2 / 6)


def test_no_figure_of_equal_texts_is_above_1() -> None:
    for text in FORMS.values():
        assert max(overlap(Text(text), Text(text)).values()) <= 1


def test_splitting_keeps_no_text_behind() -> None:
    """sacrebleu's own tokenizer keeps 65,536 texts, which is no longer flat memory."""
    from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a
    from sacrebleu.tokenizers.tokenizer_re import TokenizerRegexp

    before = [cls.__call__.cache_info().currsize for cls in (Tokenizer13a, TokenizerRegexp)]
    overlap(Text("never seen before 123"), Text("nor this 456"))
    assert [cls.__call__.cache_info().currsize for cls in (Tokenizer13a, TokenizerRegexp)] == before


def test_words_that_are_kept_are_those_of_the_tokenizers() -> None:
    """Pieces between blanks are split once and kept; the packages split the whole sentence."""
    rng = Random(2)
    pieces = [
        "a",
        "b2",
        "'",
        '"',
        "``",
        "''",
        "\n",
        "\n\n",
        ".",
        ",",
        "...",
        "can",
        "cannot",
        "n't",
        "isn't",
        "wanna",
        "'tis",
    ]
    pieces += [
        ":",
        "-",
        "--",
        "3",
        "3.5",
        "1,000",
        "(",
        ")",
        "]",
        "$",
        "&amp;",
        "&",
        "<skipped>",
        "-\n",
        "\t",
        "\x1c",
        "\u2003",
    ]
    pieces += ["’", "“", "»", "?", "!", "Dr.", "é", "数", "。", "  ", "don't"]
    for _ in range(1500):
        raw = "".join(rng.choice(pieces) + rng.choice(["", "", " "]) for _ in range(rng.randrange(60)))
        whole = [word for sentence in PunktSentenceTokenizer().tokenize(raw) for word in WORDS.tokenize(sentence)]
        assert nltk_words(raw) == whole, raw
        assert bleu_words(raw) == Tokenizer13a()(raw.rstrip()).split(), raw
