"""A text, split into words once in each of the ways that the overlap figures need."""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import cached_property

from harness.faithfulness.metrics.words import nltk_words, rouge_words, tokenizer_13a

Tokenizer = Callable[[str], list[str]]
Ngrams = Counter[tuple[str, ...]]


class Text:
    """A text with its words; each way of splitting is done on first use and kept with the text.

    Args:
        raw: the text.
        tokenizer: splits it into the tokens that lengths and token F1 count; words between white space where it is missing.
    """

    def __init__(self, raw: str, tokenizer: Tokenizer | None = None) -> None:
        self.raw = raw
        self._tokenizer = tokenizer or str.split
        self._ngrams: dict[tuple[str, int], Ngrams] = {}

    @cached_property
    def tokens(self) -> list[str]:
        """Tokens of the given tokenizer, or the words between white space."""
        return self._tokenizer(self.raw)

    @cached_property
    def rouge(self) -> list[str]:
        """Words as rouge-score splits them: lower case, letters a to z and digits only, stemmed from four characters on."""
        return rouge_words(self.raw)

    @cached_property
    def rouge_lines(self) -> list[list[str]]:
        """The same words by line, for ROUGE-Lsum; lines without a word are left out because they add nothing to it."""
        return [words for words in map(rouge_words, self.raw.split("\n")) if words]

    @cached_property
    def nltk(self) -> list[str]:
        """Words as nltk's `word_tokenize` splits them, except for its sentence splitter (see `nltk_words`)."""
        return nltk_words(self.raw)

    @cached_property
    def bleu(self) -> list[str]:
        """Words as sacrebleu's default tokenizer 13a splits them."""
        return tokenizer_13a()(self.raw.rstrip()).split()

    def ngrams(self, words: str, n: int) -> Ngrams:
        """Count the runs of `n` words; `words` names the way of splitting, such as `rouge`."""
        if (words, n) not in self._ngrams:
            self._ngrams[words, n] = count_ngrams(getattr(self, words), n)
        return self._ngrams[words, n]


def count_ngrams(words: Sequence[str], n: int) -> Ngrams:
    """Count the runs of `n` words."""
    return Counter(zip(*(words[start:] for start in range(n)), strict=False))
