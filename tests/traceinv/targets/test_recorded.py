"""Recorded replies: the layouts that are read as they are, second samples, and what is missing."""

from typing import Any

import pytest

from traceinv.errors import InputError
from traceinv.records import Question, Transcript
from traceinv.targets.recorded import RecordedModel

QUESTION = Question(id="q", kind="sums", text="What is 1 plus 1?")


def read(*rows: dict[str, Any], sample: int = 0, **settings: Any) -> list[Transcript]:
    model = RecordedModel.model_validate({"path": "f.jsonl"} | settings)
    return model.transcripts([QUESTION], [(f"f.jsonl:{n}", row) for n, row in enumerate(rows, 1)], sample)


def parts(*rows: dict[str, Any], **settings: Any) -> tuple[str | None, str | None]:
    (transcript,) = read(*rows, **settings)
    return transcript.trace, transcript.answer


GSM8K = {"question": QUESTION.text, "answer": "1 and 1 is <<1+1=2>>2.\n#### 2"}
OPEN_THOUGHTS = {
    "system": "Think first.",
    "conversations": [
        {"from": "user", "value": QUESTION.text},
        {
            "from": "assistant",
            "value": "<|begin_of_thought|>\n\nOne more.\n\n<|end_of_thought|>\n\n"
            "<|begin_of_solution|>\n\n2\n\n<|end_of_solution|>",
        },
    ],
}
METADATA = {
    "problem": QUESTION.text,
    "deepseek_reasoning": "One more.",
    "deepseek_solution": "2",
    "ground_truth_solution": "two",
    "domain": "math",
    "source": "x",
    "test_cases": None,
    "starter_code": None,
}


@pytest.mark.parametrize(
    "row",
    [
        OPEN_THOUGHTS,
        METADATA,
        {"question": QUESTION.text, "trace": "One more.", "answer": "2"},
        {"id": "q", "question": QUESTION.model_dump(), "trace": "One more.", "answer": 2, "finish_reason": "stop"},
        {"prompt": QUESTION.text, "reasoning_content": "One more.\n", "response": " 2"},
        {"question": QUESTION.text, "answer": "<think>One more.</think>2"},
        {"question": QUESTION.text, "generations": ["<think>One more.</think>2", "<think>Two.</think>3"]},
        {
            "messages": [
                {"role": "system", "content": "s"},
                {"role": "user", "content": QUESTION.text},
                {"role": "assistant", "content": "<think>\nOne more.\n</think>\n2"},
            ]
        },
    ],
)
def test_usual_layouts_are_read_as_they_are(row: dict[str, Any]) -> None:
    assert parts(row) == ("One more.", "2")


def test_gsm8k_holds_trace_and_answer_in_one_column() -> None:
    assert parts(GSM8K, answer_after="####") == ("1 and 1 is <<1+1=2>>2.", "2")
    assert parts(GSM8K, answer_after="####", remove="<<[^>]*>>") == ("1 and 1 is 2.", "2")
    assert parts({"question": QUESTION.text, "answer": "just 2"}, answer_after="####") == (None, "just 2")


def test_a_row_belongs_to_the_question_with_the_same_text() -> None:
    assert not read({"question": "What is 1 plus 2?", "trace": "t", "answer": "3"})
    assert parts({"question": "What is 1\n plus 1? ", "trace": "t", "answer": "2"}) == ("t", "2")


def test_a_second_sample_is_a_column_or_a_second_row_or_a_second_reply() -> None:
    row = {"question": QUESTION.text, "trace": "a", "answer": "2"}
    other = {"question": QUESTION.text, "trace": "b", "answer": "2"}
    listed = {"question": QUESTION.text, "reply": ["<think>a</think>2", "<think>b</think>2"]}
    for rows in ([row | {"second": "b"}], [row, other], [listed]):
        assert [transcript.trace for transcript in read(*rows, sample=1)] == ["b"]
        assert [transcript.trace for transcript in read(*rows)] == ["a"]
    assert not read(row, sample=1)


def test_hidden_traces_are_read_neither_by_mistake_nor_by_a_policy() -> None:
    (row,) = read({"question": QUESTION.text, "trace": "secret", "answer": "2", "summary": "s"}, traces="hidden")
    assert (row.trace, row.summary, row.usable, row.complete) == (None, "s", True, False)
    (known,) = read({"question": QUESTION.text, "answer": "2"})
    assert not known.usable, "where traces are known, a reply without one is not complete"


def test_faults_name_line_and_column() -> None:
    row = {"question": QUESTION.text, "answer": "2"}
    with pytest.raises(InputError, match=r"f.jsonl:1: no column 'thougth' \(columns.trace\)"):
        read(row, columns={"trace": "thougth"})
    with pytest.raises(InputError, match=r"f.jsonl:1: columns.answer: expected text, got"):
        read({"question": QUESTION.text, "answer": {"x": 1}})
    with pytest.raises(ValueError, match="no regular expression"):
        RecordedModel.model_validate({"path": "f", "remove": "("})
