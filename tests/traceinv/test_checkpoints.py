"""Tests of which checkpoints a training resumes from."""

import json
from pathlib import Path

import pytest

from traceinv.checkpoints import MARKER, is_complete, last_checkpoint
from traceinv.errors import InputError
from traceinv.memory import Devices


def _checkpoint(folder: Path, step: int, run: str = "run") -> Path:
    checkpoint = folder / f"checkpoint-{step}"
    checkpoint.mkdir(parents=True)
    (checkpoint / "optimizer.pt").write_bytes(b"12345")
    (checkpoint / MARKER).write_text(json.dumps({"run": run, "files": {"optimizer.pt": 5}}))
    return checkpoint


def test_the_newest_complete_checkpoint_is_taken_and_the_others_are_deleted(tmp_path: Path) -> None:
    _checkpoint(tmp_path, 9)
    newest = _checkpoint(tmp_path, 10)
    (_checkpoint(tmp_path, 11) / MARKER).unlink()
    assert last_checkpoint(tmp_path, "run") == newest
    assert list(tmp_path.iterdir()) == [newest]


def test_checkpoints_of_another_run_are_deleted(tmp_path: Path) -> None:
    _checkpoint(tmp_path, 9, run="other")
    assert last_checkpoint(tmp_path, "run") is None
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_checkpoints_has_none(tmp_path: Path) -> None:
    assert last_checkpoint(tmp_path / "missing", "run") is None


@pytest.mark.parametrize("tear", ["cut", "delete", "add", "half a marker"])
def test_a_checkpoint_whose_files_are_not_those_of_its_marker_is_incomplete(tear: str, tmp_path: Path) -> None:
    checkpoint = _checkpoint(tmp_path, 3)
    assert is_complete(checkpoint, "run")
    if tear == "cut":
        (checkpoint / "optimizer.pt").write_bytes(b"123")
    elif tear == "delete":
        (checkpoint / "optimizer.pt").unlink()
    elif tear == "add":
        (checkpoint / "scheduler.pt").write_bytes(b"")
    else:
        (checkpoint / MARKER).write_text('{"run": "ru')
    assert not is_complete(checkpoint, "run")


def test_a_training_goes_on_only_where_it_is_spread_as_it_began(tmp_path: Path) -> None:
    one = _checkpoint(tmp_path, 9)  # its marker names no devices, as those of one device did
    assert last_checkpoint(tmp_path, "run") == one
    with pytest.raises(
        InputError, match="checkpoint-9: saved by a training on one device, and this one is on 2 devices; go on"
    ):
        last_checkpoint(tmp_path, "run", Devices(2))
    marker = json.loads((one / MARKER).read_text()) | {"devices": {"count": 2, "sharded": True}}
    (one / MARKER).write_text(json.dumps(marker))
    assert last_checkpoint(tmp_path, "run", Devices(2, sharded=True)) == one
    with pytest.raises(InputError, match="on 2 devices with FSDP, and this one is on 2 devices; go on"):
        last_checkpoint(tmp_path, "run", Devices(2))
    assert one.exists()
