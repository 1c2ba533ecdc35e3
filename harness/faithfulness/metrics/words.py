"""Split texts into words exactly as the packages do whose figures are computed here."""

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any

from traceinv.steps import sentences

if TYPE_CHECKING:
    from nltk.stem.porter import PorterStemmer

STEMS_KEPT = 200_000
PIECES_KEPT = 100_000
_BLANKS = re.compile("([ \n]+)")


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
    return [word for sentence in sentences(raw) for word in _sentence_words(sentence)]


def _sentence_words(sentence: str) -> Iterable[str]:
    """Split a sentence at its blanks, and each piece with nltk's tokenizer, which is slow: pieces are split once and kept.

    nltk's rules look at a piece and the characters beside it, but for the full stop at the end of a sentence: brackets and
    quotes may follow it, with blanks between. A sentence whose last piece could be one of these is split as a whole.
    """
    pieces = _BLANKS.split(sentence)
    if len(pieces) == 1 or not any(map(str.isalnum, pieces[-1])):
        return _tokenize(sentence)
    before = ["", *(blank[-1] for blank in pieces[1::2])]
    after = [*(blank[0] for blank in pieces[1::2]), ""]
    return chain.from_iterable(map(_piece_words, before, pieces[::2], after))


@lru_cache(PIECES_KEPT)
def _piece_words(before: str, piece: str, after: str) -> tuple[str, ...]:
    """Split a piece between two blanks; `before` is empty at the start of the sentence, and `after` at its end."""
    words = _tokenize(("x" + before if before else "") + piece + (after + "x" if after else ""))
    return tuple(words[bool(before) : len(words) - bool(after)])


def _tokenize(text: str) -> list[str]:
    words: list[str] = _word_tokenizer().tokenize(text)
    return words


@cache
def _word_tokenizer() -> Any:
    from nltk.tokenize import NLTKWordTokenizer

    return NLTKWordTokenizer()


def bleu_words(raw: str) -> list[str]:
    """Split as sacrebleu's default tokenizer 13a does.

    Its rules look at a word and the blanks beside it, after some replacements in the whole text (`Tokenizer13a.__call__`).
    """
    line = raw.rstrip().replace("<skipped>", "").replace("-\n", "")
    for written, mark in (("&quot;", '"'), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">")):
        line = line.replace(written, mark)
    return list(chain.from_iterable(map(_bleu_piece, line.split())))


@lru_cache(PIECES_KEPT)
def _bleu_piece(piece: str) -> tuple[str, ...]:
    from sacrebleu.tokenizers.tokenizer_re import TokenizerRegexp

    # without the package's own cache, which would keep 65,536 of them again
    return tuple(str(TokenizerRegexp.__call__.__wrapped__(_regexps(), f" {piece} ")).split())


@cache
def _regexps() -> Any:
    from sacrebleu.tokenizers.tokenizer_re import TokenizerRegexp

    return TokenizerRegexp()
