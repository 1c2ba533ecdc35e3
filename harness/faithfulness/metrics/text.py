"""One text, split into words once in each of the ways that the overlap figures ask for."""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import cached_property

from harness.faithfulness.metrics.prose import ProseStep, split_steps
from harness.faithfulness.metrics.words import nltk_words, rouge_words, tokenizer_13a

Tokenizer = Callable[[str], list[str]]
Ngrams = Counter[tuple[str, ...]]


class Text:
    """A text with its words; each way of splitting is done when it is first asked for, and kept with the text.

    Args:
        raw: the text.
        tokenizer: splits it into the tokens that lengths and token F1 count; words between white space where left out.
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
        """Words as rouge-score has them: lower case, letters a to z and digits only, stemmed from four characters on."""
        return rouge_words(self.raw)

    @cached_property
    def rouge_lines(self) -> list[list[str]]:
        """The same words by line, for ROUGE-Lsum; lines without a word are left out, since they add nothing to it."""
        return [words for words in map(rouge_words, self.raw.split("\n")) if words]

    @cached_property
    def nltk(self) -> list[str]:
        """Words as nltk's `word_tokenize` has them, but for the sentence splitter (see `nltk_words`)."""
        return nltk_words(self.raw)

    @cached_property
    def steps(self) -> list[ProseStep]:
        """Sentences and displayed equations."""
        return split_steps(self.raw)

    @cached_property
    def bleu(self) -> list[str]:
        """Words as sacrebleu's tokenizer 13a, its default, has them."""
        return tokenizer_13a()(self.raw.rstrip()).split()

    def ngrams(self, words: str, n: int) -> Ngrams:
        """How often each run of `n` words stands in it; `words` names the way of splitting, such as `rouge`."""
        if (words, n) not in self._ngrams:
            self._ngrams[words, n] = count_ngrams(getattr(self, words), n)
        return self._ngrams[words, n]


def count_ngrams(words: Sequence[str], n: int) -> Ngrams:
    """How often each run of `n` words stands in `words`."""
    return Counter(zip(*(words[start:] for start in range(n)), strict=False))
