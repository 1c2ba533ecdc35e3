"""Figures of a run fall on shuffled, shortened and altered traces and on those of other questions."""

from collections.abc import Callable
from random import Random

import numpy as np
import pytest

from harness.faithfulness.compare import compare, read_trace
from harness.faithfulness.measure import Measured, as_arrays, measure, measure_again
from traceinv.lab.questions import as_question, draw
from traceinv.records import Disclosure, Inversion, Question, Transcript

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
    measured = _measure(str)
    assert measured.asked == len(measured.ids) == len(PROBLEMS)
    floor = _means(measured.floor_by_pair)
    assert floor["length_ratio"] == pytest.approx(1, abs=0.1)
    for name, most in {"token_f1": 0.6, "rougeL": 0.8, "step_f1": 0.2, "true_steps": 0.2, "concludes": 0.5}.items():
        assert floor[name] < most, name


def test_a_repeated_step_matches_once_and_garbage_is_never_true() -> None:
    row = HIDDEN[0]
    truth = read_trace(row.question, row.trace or "")
    lines = truth.text.raw.splitlines()

    def figures(trace: str) -> dict[str, float | None]:
        return compare(row.question, row.answer, truth, read_trace(row.question, trace))

    assert figures("\n".join([lines[0]] * len(lines)))["step_recall"] == pytest.approx(1 / len(lines))
    assert figures("x <script>\n\x00")["true_steps"] == 0


def test_only_finished_traces_are_pairs_and_the_others_are_counted() -> None:
    rows = [_inversion(row, row.trace if number % 2 else None) for number, row in enumerate(HIDDEN)]
    cut = rows[1].model_copy(update={"finish_reason": "length"})
    measured = measure([rows[0], cut, *rows[2:]], HIDDEN, draws=3, seed=0)
    assert measured.asked == len(HIDDEN)
    assert len(measured.ids) == len(HIDDEN) // 2 - 1
    assert measure([], HIDDEN, draws=3, seed=0).ids == []


def test_the_ceiling_of_a_target_that_repeats_itself_is_1() -> None:
    measured = measure_again(HIDDEN, HIDDEN)
    assert measured.ids == [row.id for row in HIDDEN]
    assert _means(measured.by_pair) == {name: pytest.approx(1) for name in measured.by_pair}


PROSE = [
    Transcript(
        id=f"gsm/{number}",
        question=Question(id=f"gsm/{number}", kind="algebra", text=f"How many eggs are {number} and 3?"),
        trace=f"We have {number} eggs. We get 3 more.\nSo {number} + 3 = {number + 3}. The answer is {number + 3}.",
        answer=str(number + 3),
        finish_reason="stop",
    )
    for number in range(12)
]


def test_questions_of_any_kind_are_measured_as_prose() -> None:
    changed = [_inversion(row, (row.trace or "").replace("+ 3", "+ 4")) for row in PROSE]
    whole, spoilt = measure([_inversion(row, row.trace) for row in PROSE], PROSE, 3, 0), measure(changed, PROSE, 3, 0)
    assert len(whole.ids) == 12
    assert _means(whole.by_pair) == {name: pytest.approx(1) for name in whole.by_pair if name != "step_order"}
    assert set(whole.by_pair["step_order"]) == {None}, "four steps tell too little of the order"
    assert _means(spoilt.by_pair)["true_equations"] == 0
    assert _means(spoilt.by_pair)["step_f1"] < 1
    assert _means(whole.floor_by_pair)["concludes"] < 0.5
    assert "true_steps" not in whole.by_pair
    assert "true_equations" not in whole.floor_by_pair
    assert measure_again(PROSE, PROSE).by_pair["concludes"] == [1.0] * 12


def test_a_run_may_mix_questions_with_and_without_an_exact_reader() -> None:
    rows = [HIDDEN[0], HIDDEN[1], *PROSE[:2]]
    mixed = measure([_inversion(row, row.trace) for row in rows], rows, draws=1, seed=0)
    assert mixed.by_pair["true_steps"] == [1.0, 1.0, None, None]
    assert mixed.by_pair["true_equations"] == [None, None, 1.0, 1.0]
    assert np.isnan(as_arrays([mixed], mixed.ids)["true_steps"][0, 2:]).all()


def test_arrays_are_in_the_order_asked_for_and_undefined_where_a_row_lacks_a_figure() -> None:
    first = Measured(asked=2, ids=["a", "b"], by_pair={"x": [1.0, None]}, floor_by_pair={})
    second = Measured(asked=2, ids=["b", "a"], by_pair={"x": [3.0, 4.0], "y": [5.0, 6.0]}, floor_by_pair={})
    arrays = as_arrays([first, second], ["b", "a"])
    np.testing.assert_array_equal(arrays["x"], [[np.nan, 1], [3, 4]])
    np.testing.assert_array_equal(arrays["y"], [[np.nan, np.nan], [5, 6]])
