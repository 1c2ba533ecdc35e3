"""What the lab's own disclosure policies need: a trace's lines as the family's reader judges them, and choices by hash."""

from random import Random

from traceinv.digests import share_of
from traceinv.errors import InputError
from traceinv.lab.families import FAMILIES, JudgedLine
from traceinv.lab.families.base import VALUE
from traceinv.lab.families.modular import MODULUS
from traceinv.records import Transcript

NOTHING = "-"
"""The summary of a trace of which no line is shown."""


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
    return share_of(f"{identifier}\n{part}")


def wrong_versions(line: str, count: int, seed: str) -> list[str]:
    """Return copies of a line that state other outcomes, each a different one; none for a line that states no outcome.

    Args:
        seed: decides which outcomes these are.
    """
    match = VALUE.search(line)
    if match is None:
        return []
    others = [str(outcome) for outcome in range(MODULUS) if str(outcome) != match[1]]
    return [f"{line[:-1]}{outcome}" for outcome in Random(seed).sample(others, count)]
