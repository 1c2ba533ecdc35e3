"""Split texts into words exactly as the packages do whose figures are computed here."""

from collections.abc import Callable
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from traceinv.steps import sentences

if TYPE_CHECKING:
    from nltk.stem.porter import PorterStemmer

STEMS_KEPT = 200_000


def rouge_words(raw: str) -> list[str]:
    """Split with rouge-score's own tokenizer and `use_stemmer=True`; stems are cached."""
    from rouge_score.tokenize import tokenize

    words: list[str] = tokenize(raw, _Stemmer)
    return words


class _Stemmer:
    """Provides the one method that rouge-score calls on a stemmer."""

    @staticmethod
    @lru_cache(STEMS_KEPT)
    def stem(word: str) -> str:
        return str(_porter().stem(word))


@cache
def _porter() -> "PorterStemmer":
    from nltk.stem.porter import PorterStemmer

    return PorterStemmer()


def nltk_words(raw: str) -> list[str]:
    """Split as nltk's `word_tokenize` does, with an untrained sentence splitter.

    `word_tokenize` splits sentences with a Punkt model that must be downloaded and that knows abbreviations such as `Dr.`.
    The untrained Punkt ends a sentence at every full stop, question or exclamation mark before white space, so that the full
    stop of an abbreviation becomes a word of its own. All else is the same.
    """
    words = _word_tokenizer()
    return [word for sentence in sentences(raw) for word in words.tokenize(sentence)]


@cache
def _word_tokenizer() -> Any:
    from nltk.tokenize import NLTKWordTokenizer

    return NLTKWordTokenizer()


@cache
def tokenizer_13a() -> Callable[[str], str]:
    """Return sacrebleu's tokenizer without its cache, which would keep 65,536 texts: gigabytes of long traces."""
    from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a
    from sacrebleu.tokenizers.tokenizer_re import TokenizerRegexp

    class Uncached(Tokenizer13a):  # type: ignore[misc]  # sacrebleu is not followed
        def __init__(self) -> None:
            self._post_tokenizer = lambda line: TokenizerRegexp.__call__.__wrapped__(regexps, line)

        def __call__(self, line: str) -> str:
            return str(Tokenizer13a.__call__.__wrapped__(self, line))

    regexps = TokenizerRegexp()
    return Uncached()
