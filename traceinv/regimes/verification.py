"""Keep replies that come to the disclosed answer.

Of an answer its last box counts, or what follows its last `####`, or else all of it. Two answers agree where these texts are the
same without case and white space. They also agree where each is one line with a single number, the numbers are equal, and the
words around one are among those around the other: `42`, `42 km` and `It is 42 km.` agree, `42 km` and `42 miles` do not. Programs
agree only as texts.
"""

import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from traceinv.answers import final_answer
from traceinv.records import Candidate, Example
from traceinv.regimes.base import example

_WORD = re.compile(r"[^\W\d_]+")
_NUMBER = re.compile(r"[-+]?\d+(?:,\d{3})*(?:\.\d+)?(?:/\d+)?")


def teach_verified(candidates: Sequence[Candidate], seed: int) -> list[Example]:
    """Teach of each question the first candidate that ended by itself with an answer that agrees with the disclosed one."""
    kept: dict[str, Candidate] = {}
    for candidate in sorted(candidates, key=lambda candidate: candidate.sample):
        if candidate.id not in kept and is_verified(candidate):
            kept[candidate.id] = candidate
    order = dict.fromkeys(candidate.id for candidate in candidates)
    rows = [kept[identifier] for identifier in order if identifier in kept]
    return [example(row.disclosure.question, row.trace, row.disclosure.answer) for row in rows]


def where_verified(teach: Callable[..., list[Example]]) -> Callable[..., list[Example]]:
    """Return a way to teach that keeps the questions of which a candidate is verified; its second rows are the candidates."""

    def restricted(rows: Sequence[Any], candidates: Sequence[Candidate], seed: int) -> list[Example]:
        kept = {candidate.id for candidate in candidates if is_verified(candidate)}
        return [row for row in teach(rows, seed) if row.id in kept]

    return restricted


def is_verified(candidate: Candidate) -> bool:
    """Return whether a candidate is whole and its answer agrees with the disclosed one."""
    whole = bool(candidate.trace) and candidate.finish_reason == "stop"
    return whole and candidate.answer is not None and agrees(candidate.answer, candidate.disclosure.answer)


def agrees(answer: str, disclosed: str) -> bool:
    """Return whether two answers say the same, as far as their texts show it."""
    ours, theirs = final_answer(answer), final_answer(disclosed)
    if _plain(ours) == _plain(theirs):
        return True
    if "\n" in ours.strip() or "\n" in theirs.strip():
        return False
    number, words, their_words = _only_number(ours), _words(ours), _words(theirs)
    return number is not None and number == _only_number(theirs) and (words <= their_words or their_words <= words)


def _plain(text: str) -> str:
    return re.sub(r"\s+", "", text).casefold().strip("$.")


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.casefold()))


def _only_number(text: str) -> Fraction | None:
    """Return the only number of a text; None where it has none or several."""
    found = _NUMBER.findall(text)
    if len(found) != 1:
        return None
    try:
        return Fraction(found[0].replace(",", ""))
    except (ValueError, ZeroDivisionError):
        return None
