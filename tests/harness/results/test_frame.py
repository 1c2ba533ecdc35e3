"""Tests of records as a data frame."""

from pathlib import Path

from sample_records import CELL, record, row, score

import traceinv
from harness.results.frame import COLUMNS, records_to_frame


def test_a_frame_has_a_line_for_each_record_row_and_group() -> None:
    rows = [row("target"), row("inverted", seeds=(0, 1))]
    records = [record(name, rows=rows, seeds=[0, 1]) for name in ("lab-1", "lab-2")]
    frame = records_to_frame(records)
    assert list(frame.columns) == list(COLUMNS)
    assert len(frame) == 2 * sum(len(each.scores) for each in rows)
    line = frame.query("record == 'lab-2' and row == 'inverted' and group == 'math'").iloc[0].to_dict()
    figures = rows[1].scores["math"]
    assert line == {
        "record": "lab-2",
        **CELL.model_dump(),
        "row": "inverted",
        "kind": "regime",
        "seeds": 2,
        "group": "math",
        "accuracy": figures.accuracy.mean,
        "low": figures.accuracy.low,
        "high": figures.accuracy.high,
        "spread": figures.accuracy.spread,
        **figures.model_dump(exclude={"accuracy", "by_seed"}),
    }
    assert frame.query("row == 'target'")["seeds"].unique().tolist() == [0]


def test_every_figure_of_a_score_has_a_column() -> None:
    assert set(score(0.5).model_dump()) - {"by_seed"} <= set(COLUMNS)


def test_a_frame_of_no_records_has_the_columns() -> None:
    assert list(records_to_frame([]).columns) == list(COLUMNS)


def test_a_record_is_loaded_from_a_path_or_its_name(tmp_path: Path) -> None:
    path = tmp_path / "lab-1.json"
    path.write_text(record().model_dump_json())
    assert traceinv.load_record(path) == traceinv.load_record(str(path)) == record()
