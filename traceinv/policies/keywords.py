"""Disclose words of the trace that its question does not have."""

import re
from collections import Counter
from typing import Literal

from pydantic import Field

from traceinv.policies.base import Policy
from traceinv.records import Transcript

_WORD = re.compile(r"[^\s,;.!?:\"]+(?:[.,:][^\s,;.!?:\"]+)*")
_SHORTEST = 3
"""Characters of the shortest word that counts."""


class Keywords(Policy):
    """Disclose the words that are most frequent in the trace and not in its question, in the order of their first use.

    A word is a run without white space, and without punctuation at its ends. Of equally frequent words the longer comes first.
    """

    kind: Literal["keywords"] = "keywords"
    count: int = Field(5, ge=1)

    def summary_of(self, transcript: Transcript) -> str | None:
        """Return the words on one line; the first word of the trace where it has no word of its own."""
        words = _WORD.findall(transcript.trace or "")
        asked = {word.lower() for word in _WORD.findall(transcript.question.text)}
        own = Counter(word for word in words if len(word) >= _SHORTEST and word.lower() not in asked)
        ranked = sorted(own, key=lambda word: (-own[word], -len(word)))[: self.count]
        return " ".join(word for word in own if word in ranked) or (words or (transcript.trace or "").split())[0]
