"""Records on disk: both schemas are read, version 2 is written, and figures are never overwritten."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from sample_records import CELL, items_of, record, row, write

from harness.results import files
from harness.results.files import read_items, read_record
from harness.results.schema import ResultRecord
from traceinv.errors import GateError, InputError

OLD = Path(__file__).parent / "data" / "lab-3-seeds-77bdbfee3f.json"
ITEMS = items_of({("base", None): "c"}, ["lab_chain/0"])


def test_a_record_reads_back_as_it_was_written(tmp_path: Path) -> None:
    path = write(tmp_path, record(), ITEMS)
    assert path == tmp_path / "lab-1.json"
    assert read_record(path) == record()
    assert read_items(path) == ITEMS


def test_the_same_figures_leave_the_first_record_as_it_is(tmp_path: Path) -> None:
    path = write(tmp_path, record(), ITEMS)
    before = path.read_bytes()
    later = record().provenance.model_copy(update={"created": "2027-01-01T00:00:00+00:00"})
    write(tmp_path, record(provenance=later, verdict="In other words."), ITEMS)
    assert path.read_bytes() == before


def test_missing_items_of_a_record_are_written_again(tmp_path: Path) -> None:
    path = write(tmp_path, record(), ITEMS)
    (tmp_path / "lab-1.items.json").unlink()
    write(tmp_path, record(), ITEMS)
    assert read_items(path) == ITEMS


def test_other_figures_under_the_same_id_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, record(), ITEMS)
    before = path.read_bytes()
    other = record(rows=[row("base", 0.5, runs=["base of lab-1"]), *record().rows[1:]])
    with pytest.raises(GateError) as refusal:
        write(tmp_path, other, ITEMS)
    message = str(refusal.value)
    assert message.startswith(f"{path}: holds a record of the same id with ")
    assert "rows[0].scores.all.accuracy.high: 0.18 there, 0.56 now" in message
    assert path.read_bytes() == before


def test_a_record_of_schema_1_is_read_as_schema_2() -> None:
    old = read_record(OLD)
    assert ResultRecord.model_validate_json(old.model_dump_json()) == old
    (cell,) = old.cells()
    assert (cell.target, cell.policy, cell.budget) == ("lab", "every_kth_step", 1.0)
    rows = {row.name: row for row in old.rows}
    assert rows["inverted"].scores["math"].accuracy.mean == 0.824167
    assert [len(rows[name].runs) for name in ("base", "inverted", "target")] == [1, 3, 1]
    assert len({run for row in old.rows for run in row.runs}) == 24
    assert rows["inverted"].comparability.questions == "423bdf0ac57d"
    assert {row.cell for row in old.style} == {cell}


def test_the_stages_of_schema_1_get_kinds_and_labels() -> None:
    stages = read_record(OLD).provenance.stages
    assert "unknown" not in {stage.kind for stage in stages}
    students = [stage.labels for stage in stages if stage.kind == "student"]
    assert {"regime": "inverted", "seed": 2} in students
    assert len(students) == 21
    assert {"role": "target"} in [stage.labels for stage in stages if stage.kind == "transcripts"]


def test_the_items_of_schema_1_are_read_as_version_2() -> None:
    items = read_items(OLD)
    (cell,) = read_record(OLD).cells()
    assert [run.seed for run in items.runs_of("inverted", cell)] == [0, 1, 2]
    assert [run.seed for run in items.runs_of("base", cell)] == [None]
    states = json.loads(OLD.with_name(f"{OLD.stem}.items.json").read_text())["states"]
    assert items.runs_of("oracle", cell)[1].states == states["oracle/1"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"conditions"', '"condition"', "unknown key 'condition' (did you mean 'conditions'?)"),
        ('"mean": 0.824167', '"mean": "high"', "rows.4.scores.math.accuracy.mean: "),
        ('"id": "lab-3-seeds-77bdbfee3f"', '"id": "../x"', "id: "),
    ],
)
def test_a_bad_record_of_schema_1_is_refused_by_file_and_field(
    old: str, new: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "old.json"
    text = OLD.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(InputError) as refusal:
        read_record(path)
    assert str(refusal.value).startswith(f"{path}: {message}")


def test_bad_items_of_schema_1_are_refused_by_file(tmp_path: Path) -> None:
    path = tmp_path / OLD.name
    shutil.copy(OLD, path)
    items = tmp_path / f"{OLD.stem}.items.json"
    items.write_text(json.dumps({"letters": {}, "ids": {}, "states": {}}))
    with pytest.raises(InputError, match="letters: expected"):
        read_items(path)
    items.unlink()
    with pytest.raises(InputError, match=r"items\.json: no such file"):
        read_items(path)


def test_an_unknown_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('{"schema_version": 99}')
    with pytest.raises(InputError, match="schema_version is 99, expected 2 or 1"):
        read_record(path)


def test_a_record_knows_its_cells() -> None:
    assert record().cells() == [CELL]


def test_only_a_file_of_bounded_size_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe would wait for a writer that may never come, and a huge value fill the memory and the page."""
    pipe = tmp_path / "pipe.json"
    os.mkfifo(pipe)
    with pytest.raises(InputError, match=r"pipe\.json: expected a file"):
        read_record(pipe)
    path = write(tmp_path, record())
    monkeypatch.setattr(files, "MAX_BYTES", 1000)
    with pytest.raises(InputError, match=r"has more than 0 MB"):
        read_record(path)


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    path = write(tmp_path, record())
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read_record(path) == record()


def test_what_no_one_sees_in_a_record_is_read_as_visible_text(tmp_path: Path) -> None:
    path = write(tmp_path, record())
    path.write_text(
        json.dumps({**json.loads(path.read_text()), "recipe": {"name": "a\x1b\ud800\u202e", "text": "b\nc"}})
    )
    assert read_record(path).recipe == {"name": "a\\x1b\\ud800\\u202e", "text": "b\nc"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c["rows"].append(c["rows"][0]), "stands twice for one cell"),
        (lambda c: c["rows"][0]["scores"]["all"].update(items=-5), "items: input should be greater than or equal to 0"),
        (lambda c: c["rows"][0]["scores"]["all"]["accuracy"].update(mean=1e308), "has the accuracy 1e+308"),
        (
            lambda c: c["rows"][0]["scores"]["all"].update(finished=2.0),
            "finished: input should be less than or equal to 1",
        ),
        (lambda c: c["provenance"]["stages"][0].update(seconds=-1e300), "seconds: input should be greater than"),
        (lambda c: c.update(seeds=[10**400]), "seeds.0: "),
    ],
)
def test_figures_that_cannot_be_are_refused(change: Any, message: str, tmp_path: Path) -> None:
    content = json.loads(record().model_dump_json())
    stage = {"kind": "student", "labels": {}, "key": "0", "version": 1, "fingerprint": "f", "seconds": 1.0}
    content["provenance"]["stages"] = [stage]
    change(content)
    path = tmp_path / "lab-1.json"
    path.write_text(json.dumps(content))
    with pytest.raises(InputError) as refusal:
        read_record(path)
    assert message in str(refusal.value)
