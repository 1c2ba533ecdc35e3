"""Read the traces that a page shows: what was disclosed of a question, the hidden trace, and the traces inverted from it."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from harness.pipeline.artifacts import RunArtifacts, StoredStage, transcripts_of
from harness.report.alignment import align, changed_words
from harness.results.cells import differing_parts, parts_text
from harness.results.schema import Label
from traceinv.records import Disclosure, Inversion, Question, Transcript
from traceinv.regimes import ORDER
from traceinv.rows import read_folder
from traceinv.steps import is_exact, steps_of

MATCHED, FALSE, DISCLOSED = 1, 2, 4
"""The marks of a line, which are added up: it is also in the other trace; it is false; the summary shows it."""

Outcome = Literal["right", "wrong", "unjudged", "unfinished"]


@dataclass(frozen=True)
class Marked:
    """The lines of a trace without blank ones, and a digit for each: the sum of its marks."""

    lines: Sequence[str]
    marks: str


NOTHING = Marked((), "")
"""A trace that there is not."""


@dataclass(frozen=True)
class Attempt:
    """The trace that one inverter wrote for a question.

    Attributes:
        run: the name of the inverter: `inverted, seed 0`.
        outcome: `right` if the trace is finished and every line is true, `wrong` if a line is false, `unjudged` if nothing can
            tell which lines are true, `unfinished` if there is no finished trace.
        truth_marks: the marks of the lines of the hidden trace.
    """

    run: str
    outcome: Outcome
    truth_marks: str
    inverted: Marked


@dataclass
class Case:
    """One disclosure of the target and all traces inverted from it.

    Attributes:
        truth: has no lines if the target gave no trace.
        surrogate: the surrogate's own trace for the question, with which nothing was disclosed; has no lines if there is none.
        surrogate_answer: None if the store has none.
    """

    id: str
    kind: str
    question: str
    answer: str
    summary: str | None
    truth: Sequence[str]
    attempts: list[Attempt] = field(default_factory=list)
    surrogate: Marked = NOTHING
    surrogate_answer: str | None = None


def read_cases(run: RunArtifacts, prefix: str = "") -> list[Case]:
    """Read every disclosure of a run that the store has inverted traces for, in the order of the questions.

    Args:
        prefix: put before the name of every inverter.

    Raises:
        InputError: a file of the store is damaged; the message names it.
    """
    stages = sorted(run.inversions(), key=_place)
    parts = differing_parts(stage.labels for stage in stages)
    cases: dict[tuple[str, Disclosure], Case] = {}
    truths: dict[str, Mapping[str, str]] = {}
    open_traces = _surrogates(run)
    for stage in stages:
        hidden = transcripts_of(run, stage.labels, "target")
        if hidden is None:
            continue
        key = hidden.artifact.key
        if key not in truths:
            rows = read_folder(hidden.artifact.path, Transcript)
            truths[key] = {row.id: row.trace or "" for row in rows}
        name = prefix + attempt_name(stage.labels, parts)
        for row in read_folder(stage.artifact.path, Inversion):
            truth = truths[key].get(row.id, "")
            place = (key, row.disclosure)
            if place not in cases:
                cases[place] = _case(row.disclosure, truth, open_traces(stage.labels).get(row.id))
            cases[place].attempts.append(_attempt(name, row, truth))
    return list(cases.values())


def attempt_name(labels: Mapping[str, Label], parts: Sequence[str]) -> str:
    """Name an inverter by its regime, by the parts in which the run's inverters differ, and by its seed."""
    seed = f"seed {labels['seed']}" if "seed" in labels else ""
    return ", ".join(filter(None, (str(labels.get("regime", "inverter")), parts_text(labels, parts), seed)))


def _place(stage: StoredStage) -> int:
    """Return the place of a stage's regime in the order of the registry; unknown regimes are last."""
    regime = stage.labels.get("regime")
    return ORDER.index(str(regime)) if regime in ORDER else len(ORDER)


def mark_lines(question: Question, truth: str, inverted: str, summary: str) -> tuple[Marked, Marked]:
    """Mark the lines of the true and of the inverted trace.

    A line is matched as often as it stands in both traces.
    """
    true_lines, lines = _lines(truth), _lines(inverted)
    shared = Counter(map(str.strip, true_lines)) & Counter(map(str.strip, lines))
    shown = set(map(str.strip, _lines(summary)))
    return (
        Marked(true_lines, _marks(true_lines, shared.copy(), shown, _false_lines(question, truth))),
        Marked(lines, _marks(lines, shared.copy(), shown, _false_lines(question, inverted))),
    )


def _marks(lines: Sequence[str], shared: Counter[str], shown: set[str], false: Sequence[bool]) -> str:
    """Return a digit for each line; `shared` counts the lines that are still to be matched and is used up."""
    marks = []
    for line, wrong in zip(map(str.strip, lines), false or [False] * len(lines), strict=True):
        matched = shared[line] > 0
        shared[line] -= matched
        marks.append(str(MATCHED * matched + FALSE * wrong + DISCLOSED * (line in shown)))
    return "".join(marks)


def _false_lines(question: Question, trace: str) -> list[bool]:
    """Say of each line that is not blank whether it is false; empty if the question has no exact reader."""
    return [step.true is False for step in steps_of(question, trace)] if is_exact(question) else []


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines() if line.strip()]


def _case(disclosure: Disclosure, truth: str, surrogate: Transcript | None) -> Case:
    question = disclosure.question
    case = Case(disclosure.id, question.kind, question.text, disclosure.answer, disclosure.summary, _lines(truth))
    if surrogate is not None:
        case.surrogate = mark_lines(question, truth, surrogate.trace or "", disclosure.summary or "")[1]
        case.surrogate_answer = surrogate.answer
    return case


def _surrogates(run: RunArtifacts) -> Callable[[Mapping[str, Label]], Mapping[str, Transcript]]:
    """Return a function that gives the surrogate's transcripts of the target's questions, for the labels of an inverter."""
    read: dict[str, Mapping[str, Transcript]] = {}

    def of(labels: Mapping[str, Label]) -> Mapping[str, Transcript]:
        for stage in run.select("transcripts", role="surrogate", asked="target"):
            if all(
                labels.get(name, stage.labels[name]) == stage.labels[name]
                for name in ("surrogate", "target")
                if name in stage.labels
            ):
                key = stage.artifact.key
                if key not in read:
                    read[key] = {row.id: row for row in read_folder(stage.artifact.path, Transcript)}
                return read[key]
        return {}

    return of


def _attempt(run: str, row: Inversion, truth: str) -> Attempt:
    shown = row.disclosure
    true_marks, inverted = mark_lines(shown.question, truth, row.trace or "", shown.summary or "")
    return Attempt(run, _outcome(row), true_marks.marks, inverted)


def _outcome(row: Inversion) -> Outcome:
    if not row.trace or row.finish_reason != "stop":
        return "unfinished"
    false = _false_lines(row.disclosure.question, row.trace)
    if not false:
        return "unjudged"
    return "wrong" if any(false) else "right"


def as_json(case: Case) -> dict[str, Any]:
    """Return a case in the short form that the page's script reads; traces are lines joined by line feeds."""
    return {
        "id": case.id,
        "kind": case.kind,
        "question": case.question,
        "answer": case.answer,
        "summary": case.summary,
        "truth": "\n".join(case.truth),
        "surrogate": _aligned(case.truth, case.surrogate),
        "surrogateAnswer": case.surrogate_answer,
        "attempts": [
            [attempt.run, attempt.outcome, attempt.truth_marks, *_aligned(case.truth, attempt.inverted)]
            for attempt in case.attempts
        ],
    }


def _aligned(truth: Sequence[str], other: Marked) -> list[Any]:
    """Return a trace, its marks, its alignment with the hidden trace, and the parts of changed lines that differ."""
    steps = align(truth, other.lines)
    return ["\n".join(other.lines), other.marks, steps, changed_words(truth, other.lines, steps)]
