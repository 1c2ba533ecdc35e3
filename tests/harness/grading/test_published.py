"""Responses that others published, compared with the published verdicts: every disagreement is listed with its kind."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from mirror import mirrored, mirrored_rows

from harness.grading import NUMBER_RULE, Grade, grade_jeebench, grade_literal, grade_math

from .conftest import HERE

Row = dict[str, Any]
GRADERS: dict[str, Callable[[str, Row], Grade]] = {
    "gsm8k": lambda text, row: grade_math(text, _after_hashes(row["answer"]), rule=NUMBER_RULE),
    "aime24": lambda text, row: grade_math(text, str(row["expected_answer"]), rule=NUMBER_RULE),
    "math500": lambda text, row: grade_math(text, row["answer"]),
    "jeebench": lambda text, row: grade_jeebench(text, row["gold"], row["type"]),
    "cruxeval": lambda text, row: grade_literal(text, row["output"]),
}
SETS = {  # the task, the file of its items, and the name of its ids there
    "jeebench_gpt": ("jeebench", "jeebench", None),
    "gsm8k_openai": ("gsm8k", "gsm8k_test", None),
    "gsm8k_chat": ("gsm8k", "gsm8k_test", None),
    "aime24_r1": ("aime24", "aime24", "id"),
    "math500_r1": ("math500", "math500", "unique_id"),
    "math_qwen/responses": ("math500", "labelled/math_qwen/math500", "unique_id"),
    "math_verify/responses": ("math500", "labelled/math_verify/math500", "unique_id"),
    "cruxeval_qwen_cot": ("cruxeval", "cruxeval", "id"),
}


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", SETS)
def test_the_disagreements_with_published_verdicts_are_those_that_are_listed(name: str) -> None:
    task, file, key = SETS[name]
    items = {str(row[key]) if key else f"{task}/{number}": row for number, row in enumerate(mirrored_rows(file))}
    rows = [json.loads(line) for line in mirrored(f"labelled/{name}.jsonl").read_text(encoding="utf-8").splitlines()]
    differing = {
        (row["id"], row.get("model"))
        for row in rows
        if row["expect"] is not None and _value(GRADERS[task](row["response"], items[row["id"]])) != row["expect"]
    }
    listed = json.loads((HERE / "published_verdicts.json").read_text(encoding="utf-8"))
    expected = {tuple(response) for kind in listed if kind["set"] == name for response in kind["responses"]}
    assert differing == expected


def _value(grade: Grade) -> float | None:
    return None if grade.state == "ungradable" else grade.value


def _after_hashes(answer: str) -> str:
    return answer.rpartition("####")[2].strip().replace(",", "")
