"""A run on recorded data from beginning to end, from JSONL and from Parquet, with students of the lab's size."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from small_recipe import SMALL_RECIPE, SMALL_TRAINING, run_command, run_record, write_recipe

THINGS = "pens books cups maps keys coins hats rings bags nuts cards pins jars eggs stamps toys beads caps bowls shells"
"""A word for each question, or else most of them would hold the same 13 words in a row as a question of the other half."""
ROWS = [
    {
        "question": f"Tom has {n} {thing} and buys {n + 1} more. Then he gives {k} of them to Ann. How many {thing} are left?",
        "answer": f"He has {n}+{n + 1} = <<{n}+{n + 1}={2 * n + 1}>>{2 * n + 1} {thing}.\n"
        f"Then {2 * n + 1}-{k} = <<{2 * n + 1}-{k}={2 * n + 1 - k}>>{2 * n + 1 - k} are left.\n#### {2 * n + 1 - k}",
    }
    for n, thing in enumerate(THINGS.split(), 3)
    for k in (1, 2)
]
RECORDED = {"kind": "recorded", "answer_after": "####", "remove": "<<[^>]*>>"}


def write_data(folder: Path, form: str) -> str:
    """Write the train split in a form and the test split beside it; return the name of the train split."""
    test = [{"question": "A cow eats 3 bales a day. How many in 4 days?", "answer": "#### 12"}, ROWS[0]]
    (folder / "gsm8k_test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in test))
    path = folder / f"train.{form}"
    if form == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    else:
        import pyarrow
        from pyarrow import parquet

        parquet.write_table(pyarrow.Table.from_pylist(ROWS), path)
    return path.name


def recipe(folder: Path, form: str) -> dict[str, Any]:
    path = write_data(folder, form)
    permission = {"ground": "open_data", "licence": "MIT"}
    return SMALL_RECIPE | {
        "data_dir": str(folder),
        "questions": {"kind": "file", "path": path, "count": 16},
        "targets": {"human": RECORDED | {"permission": permission}},
        "surrogates": {"human": RECORDED},
        "students": {"lab": {"training": SMALL_TRAINING | {"epochs": 1}}},
        "regimes": ["base", "answer_only", "surrogate_trace", "oracle"],
        "benchmark": {"tasks": ["gsm8k"], "limit": 2, "max_tokens": 32},
        "max_dropped": 0.9,
    }


@pytest.mark.slow
def test_an_inverter_that_finishes_no_trace_is_left_out_and_the_run_goes_on(tmp_path: Path) -> None:
    regimes = ["base", "answer_only", "inverted", "inverted_mismatched", "oracle"]
    content = recipe(tmp_path, "jsonl") | {"regimes": regimes, "sampling": {"max_new_tokens": 2}}
    path = write_recipe(tmp_path / "recipe.yaml", content)
    done = subprocess.run(run_command(path, tmp_path), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    record = run_record(tmp_path)
    assert [row.name for row in record.rows] == ["base", "answer_only", "oracle"]
    (ledger,) = record.ledger
    assert ledger.left_out == ["inverted", "inverted_mismatched"]
    line = f"not one of the {ledger.asked} questions gave a row to teach: inverted and inverted_mismatched."
    assert line in record.verdict
    assert " ".join(done.stdout.split()).count(line) == 2, "under the table of accuracies and among the findings"


@pytest.mark.slow
@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_recorded_data_runs_to_a_record_that_says_what_was_left_out(form: str, tmp_path: Path) -> None:
    path = write_recipe(tmp_path / "recipe.yaml", recipe(tmp_path, form))
    done = subprocess.run(run_command(path, tmp_path), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    record = run_record(tmp_path)
    assert [row.name for row in record.rows] == ["base", "answer_only", "surrogate_trace", "oracle"]
    (target,) = record.targets
    assert (target.kind, target.permission, target.traces_known) == ("recorded", "open data (licence MIT)", True)
    assert "the target's own score, since the run has no weights of it" in target.left_out
    assert "permission: open data (licence MIT)" in " ".join(done.stdout.split())
    (gate,) = (gate for gate in record.gates if gate.name == "decontamination")
    dropped = [name for entry in gate.figures["questions"] for name in entry["dropped"]]
    assert "gsm8k: exact" in dropped, "the question that the test split holds too"
    assert str(tmp_path) not in json.dumps(record.recipe["targets"])
