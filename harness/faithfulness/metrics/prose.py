"""Steps of a trace in prose: its sentences and its displayed equations."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.faithfulness.metrics.align import Similarity
from harness.faithfulness.metrics.words import sentences

LIKE = 0.5
"""Two steps can be the same where at least this share of their words is common, in order (2 * common / all)."""

_DISPLAYS = {r"\[": r"\]", "$$": "$$"} | {
    rf"\begin{{{name}{star}}}": rf"\end{{{name}{star}}}"
    for name in ("align", "equation", "gather", "multline", "eqnarray")
    for star in ("", "*")
}
_OPENS = re.compile("|".join(map(re.escape, _DISPLAYS)))
_WORD = re.compile(r"\\?[^\W_]+|[^\w\s]")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_MEANINGFUL = re.compile(r"[^\W_]")


@dataclass(frozen=True)
class ProseStep:
    """A sentence, or a row of a displayed equation: its words and marks, and the numbers in it in rising order."""

    words: tuple[str, ...]
    numbers: tuple[str, ...]


def split_steps(raw: str) -> list[ProseStep]:
    """The steps of a text, in order; what has neither letter nor digit is none."""
    steps = [step for part, displayed in _parts(raw) for step in (_rows(part) if displayed else _sentences(part))]
    return [_step(step) for step in steps if _MEANINGFUL.search(step)]


def similarity(true_steps: Sequence[ProseStep], steps: Sequence[ProseStep]) -> Similarity:
    """How alike two texts' steps are: the share of words in common, in order, where both have the same numbers; else 0.

    Words may differ between tellings of one step; the numbers are what it says.
    """
    from rapidfuzz.distance import Indel
    from rapidfuzz.process import cdist

    found = np.zeros((len(true_steps), len(steps)))
    rows, columns = _by_numbers(true_steps), _by_numbers(steps)
    for numbers in rows.keys() & columns.keys():
        here, there = rows[numbers], columns[numbers]
        first, second = ([s[i].words for i in places] for s, places in ((true_steps, here), (steps, there)))
        alike = cdist(first, second, scorer=Indel.normalized_similarity, score_cutoff=LIKE, dtype=np.float64)
        found[np.ix_(here, there)] = alike
    return found


def _parts(raw: str) -> list[tuple[str, bool]]:
    """The text cut at displayed equations: (part, whether it is one). One that is never closed is prose."""
    parts, done, position = [], 0, 0
    unclosed: set[str] = set()
    while match := _OPENS.search(raw, position):
        position = match.end()
        closer = _DISPLAYS[match[0]]
        end = -1 if closer in unclosed else raw.find(closer, position)
        if end < 0:
            unclosed.add(closer)
            continue
        parts += [(raw[done : match.start()], False), (raw[position:end], True)]
        done = position = end + len(closer)
    return [*parts, (raw[done:], False)]


def _sentences(part: str) -> list[str]:
    return [sentence for line in part.splitlines() for sentence in sentences(line)]


def _rows(display: str) -> list[str]:
    return display.replace("&", " ").split(r"\\")


def _step(raw: str) -> ProseStep:
    words = tuple(_WORD.findall(raw.lower()))
    return ProseStep(words, tuple(sorted(_NUMBER.findall(raw.replace("{,}", ",").replace(",", "")))))


def _by_numbers(steps: Sequence[ProseStep]) -> dict[tuple[str, ...], list[int]]:
    places: dict[tuple[str, ...], list[int]] = {}
    for place, step in enumerate(steps):
        places.setdefault(step.numbers, []).append(place)
    return places
