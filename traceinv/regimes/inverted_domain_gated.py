"""Teach questions about programs by bare answers, and all others by inverted traces."""

from collections.abc import Sequence

from traceinv.lab.families import FAMILIES
from traceinv.records import Example, Inversion, Question
from traceinv.regimes.base import FROM_SUMMARY, Regime, example, finished


def teach(inversions: Sequence[Inversion], seed: int) -> list[Example]:
    """Teach finished inverted traces with the target's answers, but answers alone where the question is about code."""
    rows = [(i.disclosure.question, i.trace, i.disclosure.answer) for i in finished(inversions)]
    return [example(question, None if about_code(question) else trace, answer) for question, trace, answer in rows]


def about_code(question: Question) -> bool:
    """Return whether a question is of a family of the lab that has programs, or of the subject `code`."""
    family = FAMILIES.get(question.kind)
    return family.domain == "code" if family else question.kind.rpartition("/")[2].casefold() == "code"


REGIME = Regime(
    "inverted_domain_gated",
    "attack",
    58,
    FROM_SUMMARY,
    teach,
    contrast_with=("inverted",),
    teaches="inverted traces, but answers alone where the question is about code",
)
