"""A text, split into words once in each of the ways that the overlap figures need."""

from collections.abc import Callable
from functools import cached_property

from harness.faithfulness.metrics.words import bleu_words, nltk_words, rouge_words

Tokenizer = Callable[[str], list[str]]


class Text:
    """A text with its words; each way of splitting is done on first use and kept with the text.

    Args:
        raw: the text.
        tokenizer: splits it into the tokens that lengths and token F1 count; words between white space where it is missing.
    """

    def __init__(self, raw: str, tokenizer: Tokenizer | None = None) -> None:
        self.raw = raw
        self._tokenizer = tokenizer or str.split

    @cached_property
    def tokens(self) -> list[str]:
        """Tokens of the given tokenizer, or the words between white space."""
        return self._tokenizer(self.raw)

    @cached_property
    def rouge(self) -> list[str]:
        """Words as rouge-score splits them: lower case, letters a to z and digits only, stemmed from four characters on."""
        return [word for line in self.rouge_lines for word in line]

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
        return bleu_words(self.raw)
