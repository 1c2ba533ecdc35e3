"""Scorers: an item's metrics over its samples, and errors in a task's code."""

import pytest

from harness.benchmarks.scorer import Item, Scorer, grade_all, metrics
from harness.grading import Grade
from traceinv.errors import GateError

RIGHT = Grade("correct", "1", "")
PARTLY = Grade("wrong", "A", "one letter of two", credit=0.25)
UNFINISHED = Grade("unfinished", None, "")
UNGRADABLE = Grade("ungradable", None, "")


def by_length(response: str, item: Item) -> Grade:
    return [UNFINISHED, RIGHT, UNGRADABLE][len(response)]


def test_accuracy_is_the_mean_over_the_samples_that_could_be_graded() -> None:
    assert metrics([RIGHT, PARTLY, UNFINISHED, UNGRADABLE]) == {
        "acc": pytest.approx(1.25 / 3),
        "no_answer": 0,
        "unfinished": 0.25,
        "bad_format": 0,
        "ungradable": 0.25,
    }
    assert "acc" not in metrics([UNGRADABLE])


def test_a_scorer_takes_responses_with_repeats_and_without() -> None:
    scorer = Scorer(by_length, reference_answer=None)
    assert scorer({"id": "a"}, [["a", ""]]) == scorer({"id": "a"}, ["a", ""])
    assert scorer({"id": "a"}, ["a", ""])["acc"] == 0.5


def test_grades_have_the_order_of_their_jobs() -> None:
    grades = grade_all([(by_length, "x" * (n % 3), {"id": str(n)}) for n in range(30)])
    assert grades == [UNFINISHED, RIGHT, UNGRADABLE] * 10


def test_an_error_in_a_grader_names_item_and_line_and_is_no_score() -> None:
    with pytest.raises(
        GateError, match=r"grading failed: task/7: the grader raised IndexError: .* \(test_scorer.py, line \d+\)"
    ):
        grade_all([(by_length, "four", {"id": "task/7"})])
