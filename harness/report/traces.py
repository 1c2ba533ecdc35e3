"""The traces that a page shows: each question with what was disclosed, what was hidden, and what was inverted from it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from harness.pipeline.plan import ZERO_SHOT
from harness.report.artifacts import RunArtifacts
from harness.stages.kinds import rows_file
from traceinv.lab.families import FAMILIES
from traceinv.records import Disclosure, Inversion, Question, Transcript
from traceinv.rows import read_rows

MATCHED, FALSE, DISCLOSED = 1, 2, 4
"""What is marked of a line, added up: it stands in the other trace too; it does not hold; the summary shows it."""

Outcome = Literal["right", "wrong", "unjudged", "unfinished"]


@dataclass(frozen=True)
class Marked:
    """A trace's lines, blank ones left out, and a digit for each: the sum of its marks."""

    lines: Sequence[str]
    marks: str


@dataclass(frozen=True)
class Attempt:
    """One inverter's trace for a question, beside the true one.

    Attributes:
        run: which inverter, `inverted, seed 0`.
        outcome: `right` where it was finished and every line holds, `wrong` where one does not, `unjudged` where nothing says
            which lines hold, `unfinished` where there is no finished trace.
    """

    run: str
    outcome: Outcome
    truth_marks: str
    inverted: Marked


@dataclass
class Case:
    """A question of the target with all attempts at its trace; `truth` has no lines where the target gave no trace."""

    id: str
    kind: str
    question: str
    answer: str
    summary: str | None
    truth: Sequence[str]
    attempts: list[Attempt] = field(default_factory=list)


def read_cases(run: RunArtifacts, prefix: str = "") -> list[Case]:
    """Every disclosed question of a run that the store has traces for, in the order of the questions.

    Raises:
        InputError: a file of the store is damaged; the message names it.
    """
    cases: dict[str, Case] = {}
    truths: dict[str, dict[str, str]] = {}
    measured = [stage for stage in run.experiment.stages if stage.kind == "faithfulness"]
    for stage in sorted(measured, key=lambda stage: ZERO_SHOT in stage.name):
        inversions, hidden = (run.of(stage.inputs[name]) for name in ("inversions", "transcripts"))
        if inversions is None or hidden is None:
            continue
        if hidden.key not in truths:
            truths[hidden.key] = {row.id: row.trace or "" for row in read_rows(rows_file(hidden.path), Transcript)}
        name = prefix + stage.name.removeprefix("faithfulness of ")
        for row in read_rows(rows_file(inversions.path), Inversion):
            truth = truths[hidden.key].get(row.id, "")
            case = cases.setdefault(row.id, _case(row.disclosure, truth))
            case.attempts.append(_attempt(name, row, truth))
    return list(cases.values())


def mark_lines(question: Question, truth: str, inverted: str, summary: str) -> tuple[Marked, Marked]:
    """Both traces line by line: which lines they share (each as often as it stands in both), which do not hold, which the
    summary shows.
    """
    true_lines, lines = _lines(truth), _lines(inverted)
    shared = Counter(map(str.strip, true_lines)) & Counter(map(str.strip, lines))
    shown = set(map(str.strip, _lines(summary)))
    return (
        Marked(true_lines, _marks(true_lines, shared.copy(), shown, _false_lines(question, truth))),
        Marked(lines, _marks(lines, shared.copy(), shown, _false_lines(question, inverted))),
    )


def _marks(lines: Sequence[str], shared: Counter[str], shown: set[str], false: Sequence[bool]) -> str:
    marks = []
    for line, wrong in zip(map(str.strip, lines), false or [False] * len(lines), strict=True):
        matched = shared[line] > 0
        shared[line] -= matched
        marks.append(str(MATCHED * matched + FALSE * wrong + DISCLOSED * (line in shown)))
    return "".join(marks)


def _false_lines(question: Question, trace: str) -> list[bool]:
    """Which lines do not hold for the question; empty where no reader knows it."""
    family = FAMILIES.get(question.kind)
    if family is None:
        return []
    try:
        steps = family.read(question.text, trace)
    except ValueError:  # a question of another project that uses a family's name
        return []
    return [not step.true for step in steps]


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines() if line.strip()]


def _case(disclosure: Disclosure, truth: str) -> Case:
    question = disclosure.question
    return Case(disclosure.id, question.kind, question.text, disclosure.answer, disclosure.summary, _lines(truth))


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
    """A case in the short form that the page's script reads; traces are lines joined by line feeds."""
    return {
        "id": case.id,
        "kind": case.kind,
        "question": case.question,
        "answer": case.answer,
        "summary": case.summary,
        "truth": "\n".join(case.truth),
        "attempts": [
            [
                attempt.run,
                attempt.outcome,
                attempt.truth_marks,
                "\n".join(attempt.inverted.lines),
                attempt.inverted.marks,
            ]
            for attempt in case.attempts
        ],
    }
