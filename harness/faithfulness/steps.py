"""What the lines of an inverted trace say: judged by the exact reader of the question's family."""

from collections import Counter

from traceinv.lab.families import FAMILIES
from traceinv.records import Question


def step_shares(question: Question, truth: str, inverted: str) -> dict[str, float]:
    """Shares of an inverted trace's steps that are true, and of the true trace's steps that it repeats.

    `true_steps` are the lines that hold for the question, of all lines written; `matched_steps` are the lines of the true
    trace that stand in the inverted one too, of all lines of the true trace (each counted as often as it stands).
    """
    steps = FAMILIES[question.kind].read(question.text, inverted)
    written = Counter(step.text for step in steps)
    hidden = Counter(step.text for step in FAMILIES[question.kind].read(question.text, truth))
    return {
        "true_steps": sum(step.true for step in steps) / len(steps) if steps else 0.0,
        "matched_steps": (written & hidden).total() / hidden.total(),
    }
