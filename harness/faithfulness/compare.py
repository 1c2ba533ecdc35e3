"""Compare two traces of one question: the driver of every faithfulness figure, for a run and for a file of pairs."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from statistics import fmean

from harness.faithfulness.metrics.align import STEP_FIGURES, step_figures
from harness.faithfulness.metrics.equations import SECONDS, judge_equations
from harness.faithfulness.metrics.overlap import MEASURES, overlap
from harness.faithfulness.metrics.similarity import step_similarity
from harness.faithfulness.metrics.text import Text, Tokenizer
from harness.grading import EXPRESSION_RULE, NUMBER_RULE, GradingFailed, grade_math
from harness.grading.answers import extract_answer
from traceinv.reasoning import text_after_reasoning
from traceinv.records import Question
from traceinv.steps import Step, concludes, is_exact, steps_of

TRACES_KEPT = 64
"""Traces that are kept with their words, about half a megabyte for 6,000 words."""
Figures = dict[str, float | None]
"""A figure by its name; None where it is undefined."""
FIGURES = (*MEASURES, *STEP_FIGURES, "true_steps", "concludes", "true_equations")
"""The names of all figures. `true_steps` is known of questions with an exact reader alone, `true_equations` of the others."""


@dataclass(frozen=True)
class Trace:
    """A trace with its words and its steps, so that both are split once for several comparisons."""

    question: Question
    text: Text

    @cached_property
    def steps(self) -> list[Step]:
        """The steps of the trace; it is split when they are first asked for."""
        return steps_of(self.question, self.text.raw)


@dataclass(frozen=True)
class PairFigures:
    """The figures of one pair of traces.

    Attributes:
        figures: of the inverted trace beside the true one.
        floor: of traces of other questions beside the true one, averaged; None where none were given.
        ceiling: of a second true trace beside the first; None where none was given.
        tokens: lengths of the true and of the inverted trace.
        timed_out: whether the time limit ended before all equations of the inverted trace were judged.
    """

    figures: Figures
    floor: Figures | None
    ceiling: Figures | None
    tokens: tuple[int, int]
    timed_out: bool


@lru_cache(TRACES_KEPT)
def read_trace(question: Question, trace: str, tokenizer: Tokenizer | None = None) -> Trace:
    """Prepare a trace for comparison with another trace of the same question.

    The last ones are kept: a trace is compared as itself, and again in the floors of others.
    """
    return Trace(question, Text(trace, tokenizer))


def compare_pair(
    question: Question,
    answer: str | None,
    truth: str,
    inverted: str,
    others: Sequence[str] = (),
    second: str | None = None,
    seconds: float = SECONDS,
    tokenizer: Tokenizer | None = None,
    wanted: Collection[str] = FIGURES,
) -> PairFigures:
    """Compute the wanted figures of an inverted trace.

    Args:
        answer: what the inverted trace should come to; None where it is not known.
        others: inverted traces of other questions, for the floor.
        second: another sample of the true trace, for the ceiling.
        seconds: time limit for the equations of the inverted trace.
        tokenizer: splits text for lengths and token F1; words between white space where None.
        wanted: the names of the figures that are computed.
    """

    def beside(other: str) -> Figures:
        return compare(question, answer, true_trace, read_trace(question, other, tokenizer), wanted)

    true_trace = read_trace(question, truth, tokenizer)
    inverted_trace = read_trace(question, inverted, tokenizer)
    figures = compare(question, answer, true_trace, inverted_trace, wanted)
    timed_out = False
    if "true_equations" in wanted and not is_exact(question):
        equations = judge_equations(inverted, seconds)
        figures["true_equations"], timed_out = equations.share, equations.timed_out
    return PairFigures(
        figures=figures,
        floor=mean_figures(list(map(beside, others))) if others else None,
        ceiling=None if second is None else beside(second),
        tokens=(len(true_trace.text.tokens), len(inverted_trace.text.tokens)),
        timed_out=timed_out,
    )


def compare(
    question: Question, answer: str | None, truth: Trace, other: Trace, wanted: Collection[str] = FIGURES
) -> Figures:
    """Return the figures of a trace beside the true one.

    Args:
        wanted: the names of the figures that are computed.

    Returns:
        Those of `overlap` and `step_figures`; `true_steps`, the share of the trace's steps that hold for the question, where an
        exact reader knows (None without steps); and `concludes`, 1 where the trace comes to the answer and 0 where not.
    """
    exact = is_exact(question)
    figures: Figures = {**overlap(truth.text, other.text, wanted)}
    if any(name in wanted for name in STEP_FIGURES):
        found = step_figures(step_similarity(truth.steps, other.steps, exact))
        figures |= {name: value for name, value in found.items() if name in wanted}
    if exact and "true_steps" in wanted:
        figures["true_steps"] = _true_share(other.steps)
    if "concludes" in wanted:
        figures["concludes"] = _concludes(question, other.text.raw, answer)
    return figures


def mean_figures(rows: Sequence[Figures]) -> Figures:
    """Average each figure over the rows in which it is defined."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    known = {name: [value for row in rows if (value := row.get(name)) is not None] for name in names}
    return {name: fmean(values) if values else None for name, values in known.items()}


def columns(rows: Sequence[Mapping[str, float | None]]) -> dict[str, list[float | None]]:
    """Turn one mapping a row into one list a figure, rounded to six places; None where a row lacks the figure."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return {name: [_rounded(row.get(name)) for row in rows] for name in names}


def _true_share(steps: Sequence[Step]) -> float | None:
    return sum(step.true is True for step in steps) / len(steps) if steps else None


def _concludes(question: Question, trace: str, answer: str | None) -> float | None:
    """Return 1 where a trace comes to the answer, 0 where not, None where that cannot be decided."""
    if answer is None:
        return None
    exact = concludes(question, trace, answer)
    return _graded(trace, answer) if exact is None else exact


def _graded(trace: str, answer: str) -> float | None:
    """Let the grader of math answers decide; None where it cannot read the answer.

    The answer may be prose that states its final answer in a box or a sentence. Two rules are tried for the trace: the one for
    numbers also reads a trace that ends in prose, but takes only the last entry of a matrix.
    """
    stated = extract_answer(text_after_reasoning(answer), EXPRESSION_RULE)
    reference = stated if isinstance(stated, str) else answer
    try:
        states = {grade_math(trace, reference, rule=rule).state for rule in (EXPRESSION_RULE, NUMBER_RULE)}
    except GradingFailed:
        return None
    if "correct" in states:
        return 1.0
    return None if "ungradable" in states else 0.0


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
