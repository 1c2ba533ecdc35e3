"""Questions of a file: target and surrogate share none, whatever the counts and however the file is ordered."""

from typing import Any

import pytest

from traceinv.errors import InputError
from traceinv.questions.base import Placed
from traceinv.questions.file import FileQuestions

ROWS: list[Placed] = [(f"f.jsonl:{n}", {"question": f"What is {n} plus {n}?", "topic": "sums"}) for n in range(40)]


def source(**changes: Any) -> FileQuestions:
    return FileQuestions.model_validate({"path": "f.jsonl", "count": 10} | changes)


def texts(drawn: FileQuestions, role: Any, rows: list[Placed] = ROWS) -> set[str]:
    return {question.text for question in drawn.questions(role, rows)}


@pytest.mark.parametrize("counts", [(20, 20), (1, 39), (39, 1), (5, None)])
def test_target_and_surrogate_share_no_question(counts: tuple[int, int | None]) -> None:
    drawn = source(count=counts[0], surrogate_count=counts[1])
    target, surrogate = texts(drawn, "target"), texts(drawn, "surrogate")
    assert (len(target), len(surrogate)) == (counts[0], counts[1] or counts[0])
    assert not target & surrogate


def test_the_order_of_the_file_decides_nothing_and_more_questions_contain_fewer() -> None:
    assert texts(source(), "target") == texts(source(), "target", ROWS[::-1])
    assert texts(source(count=5), "target") < texts(source(), "target")


def test_a_question_that_stands_twice_is_asked_once_however_it_is_spaced() -> None:
    again = [*ROWS, ("f.jsonl:99", {"question": "What  is 3\nplus 3?"})]
    everyone = [*source(count=20).questions("target", again), *source(count=20).questions("surrogate", again)]
    assert len({" ".join(question.text.split()) for question in everyone}) == 40


def test_too_few_questions_are_refused_with_their_number() -> None:
    with pytest.raises(InputError, match=r"questions.path f.jsonl: 40 different questions; expected 30 .* and 11"):
        source(count=30, surrogate_count=11).questions("target", ROWS)


def test_ids_and_subjects_come_from_their_columns() -> None:
    rows = [(where, {**row, "id": f"x{n}"}) for n, (where, row) in enumerate(ROWS)]
    questions = source(columns={"subject": "topic"}).questions("target", rows)
    assert {question.kind for question in questions} == {"file/sums"}
    assert all(question.id.startswith("x") for question in questions)
    same = [(where, {**row, "id": "x"}) for where, row in ROWS]
    with pytest.raises(InputError, match="two questions have the id 'x'"):
        source().questions("target", same)


def test_a_column_that_is_not_there_is_named_with_its_nearest() -> None:
    with pytest.raises(
        InputError, match=r"f.jsonl:0: no column 'questoin' \(columns.question\) \(did you mean 'question'"
    ):
        source(columns={"question": "questoin"}).questions("target", ROWS)
    with pytest.raises(InputError, match=r"f.jsonl:0: no text in 'question' or 'problem'.*columns.question"):
        source().questions("target", [("f.jsonl:0", {"text": "What?"})])
