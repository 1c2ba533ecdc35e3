"""What a disclosure gives away in the lab, exactly, by going through every trace that a question can have.

The prior is that of a surrogate that guesses: it knows public arithmetic, and for it every outcome of the private operation is
equally likely and independent of the others, save that equal inputs have equal outcomes within a trace. So each possible trace
has a probability, and what is disclosed rules some of them out. An *ideal inverter* draws from those that remain.

A disclosed line counts only where it is a line of some possible trace of its question, word for word. From summaries in other
words than the trace's, an ideal reader could learn more than what is computed here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log2
from random import Random
from typing import Any

from traceinv.lab.families import FAMILIES
from traceinv.lab.families.base import lines_of
from traceinv.lab.families.drills import Steps
from traceinv.lab.families.modular import MODULUS
from traceinv.records import Disclosure, Question


@dataclass(frozen=True)
class PossibleTrace:
    """A trace that a question can have, as far as one knows who knows public arithmetic alone.

    Attributes:
        probability: before anything is disclosed.
    """

    lines: tuple[str, ...]
    answer: str
    probability: float


@dataclass(frozen=True)
class Posterior:
    """The traces of a question that agree with what was disclosed.

    Attributes:
        traces: with the probabilities that they had before.
    """

    traces: Sequence[PossibleTrace]

    def probability(self, trace: str) -> float:
        """Return the probability of a trace, 0 where it does not agree."""
        lines = tuple(lines_of(trace))
        return sum(t.probability for t in self.traces if t.lines == lines) / self._total

    def surprisal(self, trace: str) -> float | None:
        """Return the bits that it takes to tell a trace from the others; None where it does not agree."""
        probability = self.probability(trace)
        return -log2(probability) if probability else None

    @property
    def entropy(self) -> float:
        """The mean surprisal of a trace that is drawn from these, in bits."""
        total = self._total
        shares = [trace.probability / total for trace in self.traces]
        return -sum(share * log2(share) for share in shares)

    def draw(self, rng: Random) -> str:
        """Draw a trace."""
        (drawn,) = rng.choices(self.traces, [trace.probability for trace in self.traces])
        return "\n".join(drawn.lines)

    @property
    def _total(self) -> float:
        return sum(trace.probability for trace in self.traces)


def posterior(question: Question, answer: str | None = None, summary: str | None = None) -> Posterior:
    """Return the traces of a question that agree with what is disclosed of one of them.

    Where a step has several disclosed lines, one of them is the trace's. Where no trace agrees with all that is disclosed, as
    after a target's mistake in public arithmetic, those remain that agree with the most of it: each step with disclosed lines
    counts as much as the answer.

    Args:
        answer: None where it is not disclosed.
        summary: lines of the trace; None where none is disclosed.

    Raises:
        ValueError: the question is not one of the lab's.
    """
    traces = possible_traces(question)
    shown = set(lines_of(summary or ""))
    told = [shown & set(lines) for lines in zip(*(trace.lines for trace in traces), strict=True)]

    def agreements(trace: PossibleTrace) -> int:
        return sum(line in lines for line, lines in zip(trace.lines, told, strict=True)) + (trace.answer == answer)

    agreed = [agreements(trace) for trace in traces]
    return Posterior([trace for trace, count in zip(traces, agreed, strict=True) if count == max(agreed)])


def invert_ideally(disclosure: Disclosure, seed: int) -> str:
    """Draw a trace from those that agree with a disclosure; the same for the same seed and question.

    Raises:
        ValueError: the question is not one of the lab's.
    """
    rng = Random(f"{seed}/{disclosure.id}")
    return posterior(disclosure.question, disclosure.answer, disclosure.summary).draw(rng)


def possible_traces(question: Question) -> tuple[PossibleTrace, ...]:
    """Go through every trace that a question can have; there are 7 times as many for each private input.

    Raises:
        ValueError: the question is not one of the lab's.
    """
    if question.kind not in FAMILIES:
        raise ValueError(f"no family of the lab: {question.kind!r}")
    return _possible(question.kind, question.text)


@lru_cache(1 << 16)
def _possible(kind: str, text: str) -> tuple[PossibleTrace, ...]:
    table: dict[tuple[int, int], int] = {}
    steps = FAMILIES[kind].parse(text, table)
    return tuple(_complete(steps, table, (), steps.start))


def _complete(
    steps: Steps[Any], table: dict[tuple[int, int], int], lines: tuple[str, ...], value: Any
) -> Iterator[PossibleTrace]:
    """Go on from the lines written so far in every possible way; `table` holds the outcomes that they use."""
    if len(lines) == len(steps):
        yield PossibleTrace(lines, steps.answer(value), MODULUS ** -len(table))
        return
    try:
        line, after = steps.line(len(lines), value)
    except KeyError as unknown:
        (fact,) = unknown.args
        for outcome in range(MODULUS):
            table[fact] = outcome
            yield from _complete(steps, table, lines, value)
        del table[fact]
        return
    yield from _complete(steps, table, (*lines, line), after)
