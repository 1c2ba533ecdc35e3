"""Ways of splitting a text into words and sentences, equal to those of the packages whose figures are taken."""

from collections.abc import Callable
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nltk.stem.porter import PorterStemmer

STEMS_KEPT = 200_000


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
def tokenizer_13a() -> Callable[[str], str]:
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
