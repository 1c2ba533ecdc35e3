"""A file that lm-eval itself writes is read, graded again, and compared."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.benchmarks.folders import TASKS
from harness.cli import main
from harness.logs.formats import read_log
from traceinv.lab.models import BASE

LIMIT = 8


@pytest.mark.slow
def test_what_lm_eval_logs_is_graded_as_it_graded_and_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [
        *(sys.executable, "-m", "lm_eval", "--model", "hf", "--model_args", f"pretrained={BASE}"),
        *("--include_path", str(TASKS), "--tasks", "lab_chain", "--limit", str(LIMIT), "--apply_chat_template"),
        *("--gen_kwargs", "do_sample=False,temperature=0.0,max_gen_toks=60", "--batch_size", "4"),
        *("--log_samples", "--output_path", str(tmp_path / "out")),
    ]
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "TQDM_DISABLE": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr[-2000:]
    (path,) = (tmp_path / "out").rglob("samples_*.jsonl")
    log = read_log(path)
    assert (log.format, log.tasks(), len(log.samples)) == ("lm-eval", ["lab_chain"], LIMIT)
    assert (log.scored_by or "").startswith("acc")
    assert [sample.id for sample in log.samples] == [f"lab_chain/{number}" for number in range(LIMIT)]

    graded = tmp_path / "graded.jsonl"
    assert main(["grade", "lab_chain", str(path), "--out", str(graded)]) == 0
    verdicts = [json.loads(line) for line in graded.read_text().splitlines()]
    assert [verdict["value"] for verdict in verdicts] == [sample.score for sample in log.samples]
    assert f"items found: {LIMIT} by id" in capsys.readouterr().err

    assert main(["compare", str(path.parent), str(graded), "--json"]) == 0
    (comparison,) = json.loads(capsys.readouterr().out)
    (row,) = comparison["rows"]
    assert (row["by_id"], row["outcomes"][0]["items"], row["outcomes"][0]["difference"]["mean"]) == (LIMIT, LIMIT, 0.0)
