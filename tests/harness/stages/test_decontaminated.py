"""The stage that drops questions of a benchmark: counted, listed, and gone before anything is trained."""

import json
from pathlib import Path

from stage_inputs import folder_of, run_stage

from traceinv.records import Question
from traceinv.rows import read_folder

ITEMS = [
    "Mia has 12 red marbles and 30 blue marbles in a bag and gives half of all of them to Tom. How many are left?",
    "What is 7 times 6?",
]
TEXTS = [
    "what is 7 TIMES 6",
    "Yesterday Mia has 12 red marbles and 30 blue marbles in a bag and gives them away.",
    "A train leaves at noon and arrives at three. How long does it take?",
]


def test_questions_of_a_benchmark_and_of_the_other_split_are_dropped_and_counted(tmp_path: Path) -> None:
    rows = [{"question": text, "answer": "so\n#### 21"} for text in ITEMS]
    (tmp_path / "gsm8k_test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    questions = [Question(id=f"q{n}", kind="k", text=text) for n, text in enumerate(TEXTS)]
    inputs = {"questions": folder_of(tmp_path / "questions", questions), "data": tmp_path}
    params = {"benchmark": {"tasks": ["gsm8k"], "limit": 1}, "role": "target"}
    log = run_stage("decontaminated", params, inputs, tmp_path / "out")
    assert [row.id for row in read_folder(tmp_path / "out", Question)] == ["q2"]
    assert (log["questions"], log["kept"], log["compared_with"]) == (3, 1, {"gsm8k": 2}), "beyond the limit too"
    assert log["dropped"] == {"gsm8k: exact": 1, "gsm8k: 13-gram": 1}
    assert [row["id"] for row in log["dropped_questions"]] == ["q0", "q1"]
    assert [row["id"] for row in log["nearest_kept"]] == ["q2"]
    inputs |= {"others": folder_of(tmp_path / "others", [questions[2].model_copy(update={"id": "t"})])}
    log = run_stage("decontaminated", params | {"role": "surrogate"}, inputs, tmp_path / "out2")
    assert log["dropped"]["the target's questions: exact"] == 1
    assert log["kept"] == 0
