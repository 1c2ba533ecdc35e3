"""The tasks on small made-up files in the layouts in which the hub and mirrors publish their data."""

import base64
import json
import pickle
import zlib
from pathlib import Path
from typing import Any

import pytest

from harness.benchmarks.catalog import find
from harness.benchmarks.check import check
from harness.benchmarks.loading import load
from harness.sandbox import require_isolation
from traceinv.errors import InputError

ADD = {
    "task_id": "HumanEval/0",
    "prompt": 'def add(a, b):\n    """Add two numbers."""\n',
    "canonical_solution": "    return a + b\n",
    "entry_point": "add",
    "test": "def check(candidate):\n    assert candidate(1, 2) == 3\n",
}
SUB = {
    "task_id": "HumanEval/1",
    "prompt": 'def sub(a, b):\n    """Subtract."""\n',
    "canonical_solution": "    return a - b\n",
    "entry_point": "sub",
    "test": "def check(candidate):\n    assert candidate(1, 2) == -1\n",
}
PLUS = "def check(candidate):\n    inputs = [[1, 2], [3, 4]]\n    results = [{}, {}]\n" + (
    "    for inp, exp in zip(inputs, results):\n        assert candidate(*inp) == exp\n"
)
LAYOUTS: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "gsm8k": (
        "gsm8k_test.jsonl",
        [{"question": "1+1?", "answer": "So.\n#### 2"}, {"question": "Many?", "answer": "Well\n#### 1,200"}],
    ),
    "aime24": (
        "aime24.jsonl",
        [
            {"id": 60, "problem": "p", "solution": "s", "answer": "073", "url": "", "year": "2024"},
            {"ID": "2024-II-4", "Problem": "q", "Solution": "s", "Answer": 33},
        ],
    ),
    "aime25": (
        "aime25.jsonl",
        [{"problem": "p", "answer": "70", "id": "0"}, {"problem": "q", "answer": "588", "id": "1"}],
    ),
    "amc23": (
        "amc23.jsonl",
        [{"id": 0, "answer": 27.0, "url": "", "question": "p"}, {"id": 1, "answer": 36.0, "url": "", "question": "q"}],
    ),
    "math500": (
        "math500.jsonl",
        [
            {
                "problem": "p",
                "solution": "",
                "answer": r"\frac{1}{2}",
                "subject": "Algebra",
                "level": 1,
                "unique_id": "t/1",
            },
            {"problem": "q", "solution": "", "answer": r"[0,1)", "subject": "Geometry", "level": 2, "unique_id": "t/2"},
        ],
    ),
    "jeebench": (
        "jeebench.jsonl",
        [
            {
                "subject": "phy",
                "description": "JEE Adv 2016 Paper 1",
                "gold": gold,
                "index": i,
                "type": kind,
                "question": "q",
            }
            for i, (kind, gold) in enumerate(
                [("MCQ", "B"), ("MCQ(multiple)", "ABD"), ("Integer", "4"), ("Numeric", "0.33")]
            )
        ],
    ),
    "cruxeval": (
        "cruxeval.jsonl",
        [
            {"code": "def f(a):\n    return a", "input": "[1]", "output": "[1]", "id": "sample_0"},
            {"code": "def f(a):\n    return not a", "input": "[1]", "output": "False", "id": "sample_1"},
        ],
    ),
    "humaneval": ("humaneval.jsonl", [ADD, SUB]),
    "humaneval_plus": (
        "humaneval_plus.jsonl",
        [ADD | {"test": PLUS.format(3, 7)}, SUB | {"test": PLUS.format(-1, -1)}],
    ),
    "mbpp": (
        "mbpp.jsonl",
        [
            {
                "text": "Write a function to double.",
                "code": "def double(n):\r\n  return 2 * n",
                "task_id": 11,
                "test_setup_code": "",
                "test_list": ["assert double(2) == 4"],
                "challenge_test_list": [],
            },
            {
                "text": "Write a function to halve.",
                "code": "def halve(n):\r\n  return n // 2",
                "task_id": 600,
                "test_setup_code": "",
                "test_list": ["assert halve(4) == 2"],
                "challenge_test_list": [],
            },
            {
                "text": "Write a function to square.",
                "code": "def square(n):\r\n  return n * n",
                "task_id": 12,
                "test_setup_code": "",
                "test_list": ["assert square(3) == 9"],
                "challenge_test_list": [],
            },
        ],
    ),
    "mbpp_plus": (
        "mbpp_plus.jsonl",
        [
            {
                "task_id": 2 + i,
                "code": f"def {name}(n):\n    return {body}",
                "prompt": "Write a function.",
                "source_file": "x",
                "test_imports": [],
                "test_list": [f"assert {name}(2) == {out}"],
                "test": f"inputs = [[2]]\nresults = [{out}]\nfor i, (inp, exp) in enumerate(zip(inputs, results)):\n"
                f"    assert {name}(*inp) == exp\n",
            }
            for i, (name, body, out) in enumerate([("double", "2 * n", 4), ("cube", "n ** 3", 8)])
        ],
    ),
}
CODE = {"humaneval", "humaneval_plus", "mbpp", "mbpp_plus", "livecodebench"}


def write(folder: Path, name: str) -> None:
    file, rows = LAYOUTS[name]
    (folder / file).write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.mark.parametrize("name", sorted(LAYOUTS))
def test_a_task_tells_right_answers_from_wrong_ones(name: str, tmp_path: Path) -> None:
    if name in CODE:
        isolated()
    write(tmp_path, name)
    findings, prompts = check(find(name), str(tmp_path), {})
    assert not [finding for finding in findings if not finding.passed]
    assert all(prompts)


@pytest.mark.parametrize("name", sorted(LAYOUTS))
def test_the_completion_form_asks_for_the_same_items(name: str, tmp_path: Path) -> None:
    write(tmp_path, name)
    chat, completion = (load(find(name, form), str(tmp_path)) for form in ("chat", "completion"))
    assert chat.data_digest == completion.data_digest
    assert chat.task.doc_to_text(chat.items[0]) != completion.task.doc_to_text(completion.items[0])


def test_mbpp_asks_its_test_split_and_grades_the_others_too(tmp_path: Path) -> None:
    write(tmp_path, "mbpp")
    loaded = load(find("mbpp"), str(tmp_path))
    assert [item["id"] for item in loaded.items] == ["mbpp/11", "mbpp/12"]
    assert set(loaded.by_id) == {"mbpp/11", "mbpp/12", "mbpp/600"}


def test_evalplus_own_release_is_not_taken_for_the_extended_tests(tmp_path: Path) -> None:
    (tmp_path / "humaneval_plus.jsonl").write_text(json.dumps(ADD | {"plus_input": [[1, 2]]}) + "\n")
    with pytest.raises(InputError, match="expected the hub's file"):
        load(find("humaneval_plus"), str(tmp_path))


def problem(number: int, date: str, **changes: Any) -> dict[str, Any]:
    tests = [{"input": "2\n", "output": "4\n", "testtype": "stdin"}]
    hidden = base64.b64encode(
        zlib.compress(pickle.dumps(json.dumps([{"input": "5", "output": "10", "testtype": "stdin"}])))
    )
    return {
        "question_title": "Double",
        "question_content": "Print twice the number.",
        "platform": "atcoder",
        "question_id": f"abc{number}_a",
        "contest_id": f"abc{number}",
        "contest_date": date,
        "starter_code": "",
        "difficulty": "easy",
        "public_test_cases": json.dumps(tests),
        "private_test_cases": hidden.decode(),
        "metadata": "{}",
    } | changes


def lcb(folder: Path, *rows: dict[str, Any]) -> str:
    (folder / "livecodebench.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(folder)


def isolated() -> None:
    try:
        require_isolation()
    except InputError as error:
        pytest.skip(str(error))


def test_livecodebench_grades_by_output_and_by_calls(tmp_path: Path) -> None:
    isolated()
    calls = json.dumps([{"input": "[1, 2]", "output": "3", "testtype": "functional"}])
    starter = "class Solution:\n    def total(self, a: list[int]) -> int:\n        "
    functional = problem(
        2, "2024-01-01T00:00:00", starter_code=starter, public_test_cases=calls, private_test_cases=calls,
        metadata='{"func_name": "total"}',
    )  # fmt: skip
    folder = lcb(tmp_path, problem(1, "2024-01-01T00:00:00"), functional)
    loaded = load(find("livecodebench"), folder)
    by_output, by_calls = loaded.items
    grade = loaded.scorer.grade
    assert grade("```python\nprint(2 * int(input()))\n```", by_output).state == "correct"
    assert grade("```python\nprint(4)\n```", by_output).state == "wrong"
    assert starter in loaded.task.doc_to_text(by_calls)
    assert grade(f"```python\n{starter}return sum(a)\n```", by_calls).state == "correct"
    assert grade(f"```python\n{starter}return 0\n```", by_calls).state == "wrong"


def test_livecodebench_asks_the_contests_between_two_dates(tmp_path: Path) -> None:
    folder = lcb(tmp_path, *(problem(i, f"2024-0{i}-15T10:30:00") for i in range(1, 6)))
    window = {"start_date": "2024-02-15", "end_date": "2024-04-15"}
    assert [item["id"] for item in load(find("livecodebench"), folder, window).items] == ["abc2_a", "abc3_a", "abc4_a"]


def test_livecodebenchs_release_decides_which_files_are_read(tmp_path: Path) -> None:
    for number, name in enumerate(["test.jsonl", "test2.jsonl", "test3.jsonl"]):
        (tmp_path / name).write_text(json.dumps(problem(number, "2024-01-01")) + "\n")
    assert len(load(find("livecodebench"), str(tmp_path), {"release": "release_v2"}).items) == 2
    with pytest.raises(InputError, match="unknown release 'v2'"):
        load(find("livecodebench"), str(tmp_path), {"release": "v2"})


def test_hidden_tests_that_would_run_code_are_refused_and_the_item_is_not_scored(tmp_path: Path) -> None:
    hostile = base64.b64encode(zlib.compress(pickle.dumps(print))).decode()
    loaded = load(find("livecodebench"), lcb(tmp_path, problem(1, "2024-01-01", private_test_cases=hostile)))
    assert loaded.scorer.grade("```python\nprint(4)\n```", loaded.items[0]).state == "ungradable"
