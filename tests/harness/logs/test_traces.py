"""`traceinv faithfulness` reads the traces of two logs."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.cli import main
from harness.logs.formats import read_log
from harness.logs.samples import Wanted
from harness.logs.traces import pair_traces
from traceinv.errors import InputError

DATA = Path(__file__).parent / "data"
TRUE = "48/2 = 24.\n48 + 24 = 72."


def responses(folder: Path, name: str, rows: Sequence[dict[str, Any]]) -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def logs(folder: Path) -> tuple[Path, Path]:
    """Logs of 12 items: two true samples of each, of which one is cut off, and bare inverted traces."""
    true = [
        {"id": f"q{n}", "response": f"<think>{TRUE} So {n + k}.</think>It is {n}.", "finish_reason": end}
        for n in range(12)
        for k, end in ((0, "length" if n == 11 else "stop"), (1, "stop"))
    ]
    inverted = [{"id": f"q{n}", "response": f"48/2 = 24, and so on to {n}."} for n in range(11, 0, -1)]
    return responses(folder, "true.jsonl", true), responses(folder, "inverted.jsonl", inverted)


def test_traces_are_paired_by_item_with_the_second_sample_and_the_answer(tmp_path: Path) -> None:
    truth, inverted = (read_log(path, Wanted(scores=False)) for path in logs(tmp_path))
    found = pair_traces(truth, inverted)
    by_id = {pair.id: pair for pair in found.pairs}
    assert set(by_id) == {f"q{n}" for n in range(1, 12)}
    pair = by_id["q3"]
    assert (pair.truth, pair.second) == (f"{TRUE} So 3.", f"{TRUE} So 4.")
    assert (pair.inverted, pair.answer) == ("48/2 = 24, and so on to 3.", "It is 3.")
    assert (by_id["q11"].truth, by_id["q11"].second) == (f"{TRUE} So 12.", None), (
        "the sample that was cut off is no truth"
    )
    assert (found.unfinished, len(found.pairing.only_first)) == (1, 1)


def test_logs_of_other_programs_are_paired_by_the_questions_text() -> None:
    instances = read_log(DATA / "model_samples.jsonl", Wanted(scores=False))
    lm_eval = read_log(DATA / "samples_sums_2026-11-02T09-00-00.123456.jsonl", Wanted(scores=False))
    pair = pair_traces(instances, lm_eval).pairs[0]
    assert (pair.truth, pair.inverted, pair.answer) == ("Count.", "She counts. #### 7", "It is 7.")
    assert "How many apples" in (pair.question or "")


def test_logs_without_a_common_item_are_refused(tmp_path: Path) -> None:
    first = read_log(responses(tmp_path, "a.jsonl", [{"id": "x", "response": "t"}]))
    second = read_log(responses(tmp_path, "b.jsonl", [{"id": "y", "response": "t"}]))
    unclosed = read_log(responses(tmp_path, "c.jsonl", [{"id": "x", "response": "<think>t"}]))
    with pytest.raises(InputError, match=r"a\.jsonl and .*b\.jsonl: no shared item"):
        pair_traces(first, second)
    with pytest.raises(InputError, match="1 shared items, none with a finished trace in both"):
        pair_traces(first, unclosed)


def test_the_command_scores_the_pairs_of_two_logs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    truth, inverted = logs(tmp_path)
    assert main(["faithfulness", str(inverted), "--truth", str(truth), "--workers", "1", "--json"]) == 0
    captured = capsys.readouterr()
    overall = json.loads(captured.out)["overall"]
    assert (overall["pairs"], overall["questions"]) == (11, 11)
    assert overall["figures"]["token_f1"]["ceiling"]
    assert "items paired: 11 by id, 0 by the text of the question; without a partner: 1; unfinished" in captured.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "inverted.jsonl: a log of samples, not pairs; --truth LOG names the one with the true traces"),
        (["--format", "eee"], "--format: goes with --truth"),
        (["--truth", "none.jsonl"], "none.jsonl: cannot be read: No such file"),
    ],
)
def test_wrong_logs_are_refused_in_one_line(
    options: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["faithfulness", str(logs(tmp_path)[1]), *options]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
