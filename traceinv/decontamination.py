"""Find training questions that a benchmark, or the other side of a split, holds too."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

WORDS = 13
"""Words in a row that two texts share by chance only rarely (Brown et al. 2020, arXiv 2005.14165, appendix C)."""
COMMON_SHARE, COMMON_TEXTS = 0.1, 10
"""A run of words in more than this share of a source's texts, and in more than so many, is its prompt and no question."""
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Held:
    """A text that no training question may repeat.

    Attributes:
        source: the benchmark that it is of, or the other role's questions.
    """

    source: str
    id: str
    text: str


@dataclass(frozen=True)
class Overlap:
    """Why a question is dropped: it has the same words as a held text, or `WORDS` of them in a row."""

    held: Held
    how: Literal["exact", "13-gram"]


@dataclass(frozen=True)
class Near:
    """A kept question with the held text that is most like it.

    Attributes:
        index: of the question.
        similarity: cosine of their TF-IDF vectors over words and pairs of words, from 0 to 1.
    """

    index: int
    held: Held
    similarity: float


def find_overlaps(texts: Sequence[str], held: Sequence[Held]) -> list[Overlap | None]:
    """Return for each text the first held text that it overlaps with; None where there is none.

    Case, punctuation and white space make no difference.
    """
    whole = {" ".join(_words(one.text)): one for one in reversed(held)}
    runs = _index(held)
    return [_overlap(_words(text), whole, runs) for text in texts]


def nearest(texts: Sequence[str], held: Sequence[Held], count: int) -> list[Near]:
    """Return the texts that are most like a held text, each with that text, the most similar first.

    The list is for eyes: it shows what the rule for dropping does not see, such as a question in other words.
    """
    if not texts or not held:
        return []
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(ngram_range=(1, 2), token_pattern=_WORD.pattern, sublinear_tf=True, dtype=np.float32)
    try:
        known = vectorizer.fit_transform([one.text for one in held])
    except ValueError:  # no word in any of them
        return []
    found: list[Near] = []
    for start in range(0, len(texts), 512):
        similar = (vectorizer.transform(texts[start : start + 512]) @ known.T).tocsr()
        best = np.asarray(similar.argmax(axis=1)).ravel()
        found += [
            Near(start + row, held[int(column)], round(float(similar[row, column]), 3))
            for row, column in enumerate(best)
        ]
    return sorted(found, key=lambda near: (-near.similarity, near.index))[:count]


def _overlap(words: list[str], whole: dict[str, Held], runs: dict[tuple[str, ...], Held]) -> Overlap | None:
    same = whole.get(" ".join(words))
    if same is not None:
        return Overlap(same, "exact")
    shared = next((runs[run] for run in _runs(words) if run in runs), None)
    return None if shared is None else Overlap(shared, "13-gram")


def _index(held: Sequence[Held]) -> dict[tuple[str, ...], Held]:
    """Index the runs of words of held texts, without those that belong to a source's prompt."""
    texts = Counter(one.source for one in held)
    counts: dict[str, Counter[tuple[str, ...]]] = {source: Counter() for source in texts}
    index: dict[tuple[str, ...], Held] = {}
    for one in held:
        runs = set(_runs(_words(one.text)))
        counts[one.source].update(runs)
        for run in runs:
            index.setdefault(run, one)
    most = {source: max(COMMON_TEXTS, COMMON_SHARE * number) for source, number in texts.items()}
    return {run: one for run, one in index.items() if counts[one.source][run] <= most[one.source]}


def _runs(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    return (tuple(words[start : start + WORDS]) for start in range(len(words) - WORDS + 1))


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())
