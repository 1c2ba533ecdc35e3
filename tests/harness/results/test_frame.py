"""Tests of records as a data frame."""

from pathlib import Path

import pytest

import traceinv
from harness.results.frame import COLUMNS, records_to_frame
from harness.results.schema import Cell, Comparability, Interval, Provenance, ResultRecord, Row, Score

CELL = Cell(target="r1", surrogate="weak", policy="recap", student="qwen")
COMPARABILITY = Comparability(target="t", student="s", questions="q", tasks={}, prompts="p", sampling={}, stages={})


def _score(mean: float, seeds: int) -> Score:
    return Score(
        accuracy=Interval(mean=mean, low=mean - 0.1, high=mean + 0.1, spread=0.02),
        by_seed=[mean] * seeds,
        finished=0.9,
        no_answer=0.01,
        unfinished=0.1,
        bad_format=0.02,
        if_unfinished_right=mean + 0.1,
        if_unfinished_wrong=mean,
        mean_tokens=50.0,
        items=200,
    )


def _row(name: str, mean: float, seeds: list[int]) -> Row:
    scores = {group: _score(mean, max(1, len(seeds))) for group in ("math", "all")}
    kind = "regime" if seeds else "reference"
    return Row(name=name, kind=kind, cell=CELL, seeds=seeds, scores=scores, comparability=COMPARABILITY, runs=[])


@pytest.fixture
def record() -> ResultRecord:
    return ResultRecord(
        id="lab-1",
        recipe={},
        seeds=[0, 1],
        rows=[_row("target", 0.9, []), _row("inverted", 0.5, [0, 1])],
        contrasts=[],
        recovery=[],
        faithfulness=[],
        likelihood=[],
        style=[],
        ledger=[],
        gates=[],
        verdict="",
        provenance=Provenance(command="", created="", commit="", packages={}, hardware={}, stages=[]),
    )


def test_a_frame_has_a_line_for_each_record_row_and_group(record: ResultRecord) -> None:
    frame = records_to_frame([record, record.model_copy(update={"id": "lab-2"})])
    assert list(frame.columns) == list(COLUMNS)
    assert len(frame) == 2 * 2 * 2
    line = frame.query("record == 'lab-2' and row == 'inverted' and group == 'math'").iloc[0].to_dict()
    assert line == {
        "record": "lab-2",
        "target": "r1",
        "surrogate": "weak",
        "policy": "recap",
        "budget": 1.0,
        "student": "qwen",
        "row": "inverted",
        "kind": "regime",
        "seeds": 2,
        "group": "math",
        "accuracy": 0.5,
        "low": 0.4,
        "high": 0.6,
        "spread": 0.02,
        "finished": 0.9,
        "no_answer": 0.01,
        "unfinished": 0.1,
        "bad_format": 0.02,
        "if_unfinished_right": 0.6,
        "if_unfinished_wrong": 0.5,
        "mean_tokens": 50.0,
        "items": 200,
    }


def test_a_frame_of_no_records_has_the_columns() -> None:
    assert list(records_to_frame([]).columns) == list(COLUMNS)


def test_a_record_is_loaded_from_a_path_or_its_name(record: ResultRecord, tmp_path: Path) -> None:
    path = tmp_path / "lab-1.json"
    path.write_text(record.model_dump_json())
    assert traceinv.load_record(path) == traceinv.load_record(str(path)) == record
