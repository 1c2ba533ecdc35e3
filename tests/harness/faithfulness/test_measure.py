"""Figures of lab pairs fall where they should: on shuffled, shortened, altered and foreign traces."""

from collections.abc import Callable
from random import Random

import pytest

from harness.faithfulness.lab import concludes
from harness.faithfulness.measure import Measured, compare, measure, measure_again
from harness.faithfulness.metrics.text import Text
from traceinv.lab.families import FAMILIES
from traceinv.lab.questions import as_question, draw
from traceinv.records import Disclosure, Inversion, Transcript

PROBLEMS = draw("target", 12, (4, 8), 0)
HIDDEN = [
    Transcript(id=i, question=as_question(i, p), trace=p.trace, answer=p.answer, finish_reason="stop")
    for i, p in PROBLEMS.items()
]


def _inversion(row: Transcript, trace: str | None) -> Inversion:
    shown = Disclosure(id=row.id, question=row.question, answer=row.answer or "", summary=None)
    return Inversion(id=row.id, disclosure=shown, with_summary=False, trace=trace, finish_reason="stop")


def _measure(change: Callable[[str], str]) -> Measured:
    return measure([_inversion(row, change(row.trace or "")) for row in HIDDEN], HIDDEN, draws=3, seed=0)


def _means(columns: dict[str, list[float | None]]) -> dict[str, float]:
    known = {name: [v for v in values if v is not None] for name, values in columns.items()}
    return {name: sum(values) / len(values) for name, values in known.items() if values}


def _shuffled(trace: str) -> str:
    lines = trace.splitlines()
    Random(1).shuffle(lines)
    return "\n".join(lines)


def _shortened(trace: str) -> str:
    return "\n".join(trace.splitlines()[:-1:2])


def _altered(trace: str) -> str:
    return "\n".join(line[:-1] + str((int(line[-1]) + 1) % 7) for line in trace.splitlines())


WORDING = ["token_f1", "bleu_sacrebleu", "bleu_nltk", "rouge1", "rouge2", "rougeL", "rougeLsum"]
STEPS = ["step_precision", "step_recall", "step_f1"]


@pytest.mark.parametrize(
    ("change", "falling"),
    [
        (_shuffled, ["bleu_sacrebleu", "bleu_nltk", "rouge2", "rougeL", *STEPS, "step_order", "concludes"]),
        (_shortened, ["length_ratio", *WORDING, "token_f1_sets", "step_recall", "step_f1", "concludes"]),
        (_altered, [*WORDING, *STEPS, "true_steps", "concludes"]),
    ],
)
def test_figures_fall_on_spoilt_traces(change: Callable[[str], str], falling: list[str]) -> None:
    whole, spoilt = _means(_measure(str).by_pair), _means(_measure(change).by_pair)
    assert whole == {name: pytest.approx(1) for name in whole}
    for name in falling:
        assert spoilt[name] < 0.95, name


def test_another_questions_trace_is_far_below_the_true_one() -> None:
    found = _measure(str)
    assert found.asked == len(found.ids) == len(PROBLEMS)
    floor = _means(found.floor_by_pair)
    assert floor["length_ratio"] == pytest.approx(1, abs=0.1)
    for name, most in {"token_f1": 0.6, "rougeL": 0.8, "step_f1": 0.2, "true_steps": 0.2, "concludes": 0.5}.items():
        assert floor[name] < most, name


def test_a_repeated_step_matches_once_and_garbage_is_never_true() -> None:
    row = HIDDEN[0]
    truth = Text(row.trace or "")
    lines = truth.raw.splitlines()
    repeated = compare(row.question, truth, Text("\n".join([lines[0]] * len(lines))), row.answer or "")
    assert repeated["step_recall"] == pytest.approx(1 / len(lines))
    assert compare(row.question, truth, Text("x <script>\n\x00"), row.answer or "")["true_steps"] == 0


def test_only_finished_traces_are_pairs_and_the_others_are_counted() -> None:
    rows = [_inversion(row, row.trace if number % 2 else None) for number, row in enumerate(HIDDEN)]
    cut = rows[1].model_copy(update={"finish_reason": "length"})
    found = measure([rows[0], cut, *rows[2:]], HIDDEN, draws=3, seed=0)
    assert found.asked == len(HIDDEN)
    assert len(found.ids) == len(HIDDEN) // 2 - 1
    assert measure([], HIDDEN, draws=3, seed=0).ids == []


def test_the_ceiling_of_a_target_that_repeats_itself_is_1() -> None:
    found = measure_again(HIDDEN, HIDDEN)
    assert found.ids == [row.id for row in HIDDEN]
    assert _means(found.by_pair) == {name: pytest.approx(1) for name in found.by_pair}


@pytest.mark.parametrize("kind", FAMILIES)
def test_a_true_trace_concludes_with_its_answer_and_with_no_other(kind: str) -> None:
    for problem in (p for p in PROBLEMS.values() if p.family == kind):
        lines = problem.trace.splitlines()
        assert concludes(kind, lines, problem.answer)
        wrong = (
            problem.answer.replace(") % 7", " + 1) % 7") if kind == "compose" else str((int(problem.answer) + 1) % 7)
        )
        assert not concludes(kind, lines, wrong)
        assert not concludes(kind, [*lines[:-1], "so it is"], problem.answer)
        assert not concludes(kind, [], problem.answer)


def test_a_program_in_other_words_is_run_to_see_what_it_does() -> None:
    problem = next(p for p in PROBLEMS.values() if p.family == "compose")
    p, q = problem.reference.split()
    lines = problem.trace.splitlines()
    assert concludes("compose", lines, f"def f(x):\n    return ({q} + x*{p}) % 7")
    assert not concludes("compose", lines, "def f(x):\n    return x")
