"""What the lab's own disclosure policies need: a trace's lines as the family's reader judges them, and choices by hash."""

import hashlib
import re
from random import Random

from traceinv.errors import InputError
from traceinv.lab.families import FAMILIES, JudgedLine
from traceinv.lab.families.modular import MODULUS
from traceinv.records import Transcript

NOTHING = "-"
"""The summary of a trace of which no line is shown."""
_OUTCOME = re.compile(r"=([0-6])$")


def judged_lines(policy: str, transcript: Transcript) -> list[JudgedLine]:
    """Return the lines of a transcript's trace.

    Raises:
        InputError: the question is not one of the lab's.
    """
    question = transcript.question
    try:
        return FAMILIES[question.kind].read(question.text, transcript.trace or "")
    except (KeyError, ValueError):
        raise InputError(
            f"the policy {policy} discloses steps of the lab's traces; the question {question.id!r} is not one of the lab's"
        ) from None


def rank(identifier: str, part: object) -> float:
    """Map a part of a question's trace to a number from 0 to 1, evenly and always the same."""
    digest = hashlib.sha256(f"{identifier}\n{part}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def wrong_versions(line: str, count: int, seed: str) -> list[str]:
    """Return a line with other outcomes, distinct and drawn by the seed; none for a line that states no outcome."""
    match = _OUTCOME.search(line)
    if match is None:
        return []
    others = [str(outcome) for outcome in range(MODULUS) if str(outcome) != match[1]]
    return [f"{line[:-1]}{outcome}" for outcome in Random(seed).sample(others, count)]
