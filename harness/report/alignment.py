"""Align the lines of two traces, and find the words in which paired lines differ, with difflib."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

EQUAL, CHANGED, FIRST, SECOND = "=~-+"
"""A step of an alignment: the same line in both, a line that differs, a line of the first alone, one of the second alone."""
LIKE = 0.3
"""Share of common words from which on the words of two paired lines are compared."""
_WORD = re.compile(r"\s+|\w+|[^\w\s]")
Spans = list[tuple[int, int]]
"""Parts of a line from character to character, in order."""


def align(first: Sequence[str], second: Sequence[str]) -> str:
    """Align two lists of lines: one letter a step, so that each list is gone through once in its order."""
    matcher = SequenceMatcher(None, [line.strip() for line in first], [line.strip() for line in second])
    steps = []
    for kind, start, end, other_start, other_end in matcher.get_opcodes():
        ours, theirs = end - start, other_end - other_start
        paired = min(ours, theirs)
        steps.append((EQUAL if kind == "equal" else CHANGED) * paired)
        steps.append(FIRST * (ours - paired) + SECOND * (theirs - paired))
    return "".join(steps)


def changed_words(first: Sequence[str], second: Sequence[str], steps: str) -> list[tuple[Spans, Spans]]:
    """Return the parts that differ of either line of each changed pair; lines unlike each other differ whole."""
    found = []
    ours = theirs = 0
    for step in steps:
        if step == CHANGED:
            found.append(_changed(first[ours], second[theirs]))
        ours += step != SECOND
        theirs += step != FIRST
    return found


def _changed(first: str, second: str) -> tuple[Spans, Spans]:
    ours, theirs = _WORD.findall(first), _WORD.findall(second)
    common = {word for word in ours if word.strip()} & {word for word in theirs if word.strip()}
    if len(common) < LIKE * max(len(set(ours)), len(set(theirs)), 1):
        return [(0, len(first))], [(0, len(second))]
    parts = [code[1:] for code in SequenceMatcher(None, ours, theirs).get_opcodes() if code[0] != "equal"]
    return _spans(ours, [(a, b) for a, b, _, _ in parts]), _spans(theirs, [(c, d) for _, _, c, d in parts])


def _spans(words: Sequence[str], parts: Sequence[tuple[int, int]]) -> Spans:
    """Turn ranges of words into ranges of characters; empty ones are left out."""
    ends = [0]
    for word in words:
        ends.append(ends[-1] + len(word))
    return [(ends[start], ends[end]) for start, end in parts if end > start]
