"""One driver measures the pairs of a run and of a file."""

import json
from pathlib import Path

import pytest

from harness.faithfulness import compare as compare_module
from harness.faithfulness.compare import compare_pair, mean_figures
from harness.faithfulness.file import Settings, score_pairs
from harness.faithfulness.measure import measure, measure_again
from harness.faithfulness.pairs import index_pairs
from harness.grading import GradingFailed
from traceinv.lab.questions import as_question, draw
from traceinv.records import Disclosure, Inversion, Question, Transcript

PROSE = Question(id="q", kind="algebra", text="How many?")


def _hidden() -> list[Transcript]:
    """Three questions of each family of the lab, and six of another kind."""
    lab = draw("target", 3, (4, 6), 0)
    rows = [(as_question(identifier, p), p.trace, p.answer) for identifier, p in lab.items()]
    for n in range(6):
        question = Question(id=f"m{n}", kind="algebra", text=f"What is {n} and 3?")
        rows.append((question, f"We add {n} and 3.\nSo {n} + 3 = {n + 3}.\nThe answer is {n + 3}.", str(n + 3)))
    return [Transcript(id=q.id, question=q, trace=t, answer=a, finish_reason="stop") for q, t, a in rows]


def test_a_run_and_a_file_give_the_same_figures_for_the_same_pairs(tmp_path: Path) -> None:
    hidden = _hidden()
    inverted = ["\n".join((row.trace or "").splitlines()[number % 2 :]) for number, row in enumerate(hidden)]
    inversions = [
        Inversion(
            id=row.id,
            disclosure=Disclosure(id=row.id, question=row.question, answer=row.answer or "", summary=None),
            with_summary=False,
            trace=text,
            finish_reason="stop",
        )
        for row, text in zip(hidden, inverted, strict=True)
    ]
    run, again = measure(inversions, hidden, draws=2, seed=4), measure_again(hidden, hidden)
    lines = [
        {
            "truth": row.trace,
            "inverted": text,
            "second": row.trace,
            "kind": row.question.kind,
            "question": row.question.text,
            "answer": row.answer,
        }
        for row, text in zip(hidden, inverted, strict=True)
    ]
    path = tmp_path / "pairs.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    scored = [pair.result for pair in score_pairs(index_pairs(path), Settings(draws=2, seed=4), workers=1)]
    assert run.ids == again.ids == [row.id for row in hidden]
    for number, result in enumerate(scored):
        assert result.ceiling is not None
        assert result.floor is not None
        for columns, figures in (
            (run.by_pair, result.figures),
            (run.floor_by_pair, result.floor),
            (again.by_pair, result.ceiling),
        ):
            measured = {name: column[number] for name, column in columns.items()}
            assert measured == {name: pytest.approx(figures.get(name), abs=1e-6) for name in columns}
            assert set(figures) <= set(columns)


@pytest.mark.parametrize(
    ("trace", "answer", "concludes"),
    [
        (r"so \boxed{\begin{pmatrix} 1 \\ 2 \end{pmatrix}}", r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}", 1),
        (r"so \boxed{\begin{pmatrix} 2 \\ 1 \end{pmatrix}}", r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}", 0),
        ("so 5 and then 6", "5", 0),
        ("it costs 1,234 in all", "1234", 1),
        (r"hence \boxed{Evelyn}", r"\text{Evelyn}", 1),
        ("", "5", 0),
        ("so 5", None, None),
        ("so 5", "", None),
        ("The answer is 7.", "We add 3 and 4. The answer is 7.", 1),
        ("The answer is 8.", "We add 3 and 4. The answer is 7.", 0),
        ("So 3 + 4 = 7.", "Adding both,\n\nwe get \\boxed{7}.", 1),
    ],
)
def test_a_trace_concludes_with_its_last_answer(trace: str, answer: str | None, concludes: int | None) -> None:
    assert compare_pair(PROSE, answer, "", trace).figures["concludes"] == concludes


def test_nothing_is_concluded_where_the_grader_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise GradingFailed("the process that compares expressions was killed")

    monkeypatch.setattr(compare_module, "grade_math", fail)
    assert compare_pair(PROSE, "5", "so 5", "so 5").figures["concludes"] is None


def test_means_are_over_the_rows_that_define_a_figure() -> None:
    assert mean_figures([{"a": 1.0, "b": None}, {"a": 3.0, "b": None, "c": 5.0}]) == {"a": 2.0, "b": None, "c": 5.0}
