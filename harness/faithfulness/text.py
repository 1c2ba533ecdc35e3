"""One text, split into words once in each of the ways that the overlap figures ask for."""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache, cached_property, lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nltk.stem.porter import PorterStemmer

    from harness.faithfulness.prose import ProseStep

Tokenizer = Callable[[str], list[str]]
Ngrams = Counter[tuple[str, ...]]
STEMS_KEPT = 200_000


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
    def steps(self) -> list["ProseStep"]:
        """Sentences and displayed equations."""
        from harness.faithfulness.prose import split_steps

        return split_steps(self.raw)

    @cached_property
    def bleu(self) -> list[str]:
        """Words as sacrebleu's tokenizer 13a, its default, has them."""
        return _tokenizer_13a()(self.raw.rstrip()).split()

    def ngrams(self, words: str, n: int) -> Ngrams:
        """How often each run of `n` words stands in it; `words` names the way of splitting, such as `rouge`."""
        if (words, n) not in self._ngrams:
            self._ngrams[words, n] = count_ngrams(getattr(self, words), n)
        return self._ngrams[words, n]


def count_ngrams(words: Sequence[str], n: int) -> Ngrams:
    """How often each run of `n` words stands in `words`."""
    return Counter(zip(*(words[start:] for start in range(n)), strict=False))


def rouge_words(raw: str) -> list[str]:
    """rouge-score's own tokenizer with `use_stemmer=True`; the stem of a word is worked out once and then remembered."""
    from rouge_score.tokenize import tokenize

    words: list[str] = tokenize(raw, _Stemmer)
    return words


class _Stemmer:
    """What rouge-score asks of a stemmer."""

    @staticmethod
    @lru_cache(STEMS_KEPT)
    def stem(word: str) -> str:
        return str(_porter().stem(word))


@cache
def _porter() -> "PorterStemmer":
    from nltk.stem.porter import PorterStemmer

    return PorterStemmer()


def nltk_words(raw: str) -> list[str]:
    """nltk's `word_tokenize` without its data files: the same word tokenizer, behind an untrained sentence splitter.

    `word_tokenize` splits sentences with a Punkt model that must be downloaded. The splitter here is Punkt with no training: it
    ends a sentence at every full stop, question or exclamation mark that white space follows, where the trained one knows
    abbreviations such as `Dr.`. So the full stop of an abbreviation becomes a word of its own; all else is the same.
    """
    words = _word_tokenizer()
    return [word for sentence in sentences(raw) for word in words.tokenize(sentence)]


def sentences(raw: str) -> list[str]:
    """The sentences of a text, by nltk's untrained Punkt (Kiss and Strunk 2006)."""
    found: list[str] = _sentence_tokenizer().tokenize(raw)
    return found


@cache
def _sentence_tokenizer() -> Any:
    from nltk.tokenize.punkt import PunktSentenceTokenizer

    return PunktSentenceTokenizer()


@cache
def _word_tokenizer() -> Any:
    from nltk.tokenize import NLTKWordTokenizer

    return NLTKWordTokenizer()


@cache
def _tokenizer_13a() -> Callable[[str], str]:
    """sacrebleu's tokenizer without its cache, which keeps the last 65,536 texts whole: gigabytes, for long traces."""
    from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a
    from sacrebleu.tokenizers.tokenizer_re import TokenizerRegexp

    class Uncached(Tokenizer13a):  # type: ignore[misc]  # sacrebleu is not followed
        def __init__(self) -> None:
            self._post_tokenizer = lambda line: TokenizerRegexp.__call__.__wrapped__(regexps, line)

        def __call__(self, line: str) -> str:
            return str(Tokenizer13a.__call__.__wrapped__(self, line))

    regexps = TokenizerRegexp()
    return Uncached()
