"""`traceinv store`: what is printed, and that nothing is deleted by accident."""

from pathlib import Path

import pytest
import stub_stages
from stub_stages import Recorder, add, make, sum_graph

from harness.cli import main
from harness.pipeline.executors.base import InlineExecutor
from harness.pipeline.scheduler import run
from harness.pipeline.store import Store
from harness.stages.base import stage


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store with three artifacts that no recipe knows."""
    stub_stages.use(monkeypatch)
    monkeypatch.chdir(tmp_path)
    store = Store(tmp_path / "store")
    run(sum_graph(1, 2), store, InlineExecutor(), Recorder())
    return store


def test_verify_names_what_is_wrong_and_how_to_mend_it(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["store", "verify", "--store", "store", "--sample", "2"]) == 0
    printed = capsys.readouterr().out
    assert printed.count("computed again: equal") == 2
    assert printed.splitlines()[-1] == "3 artifacts checked, 2 computed again, 0 faults"
    (damaged,) = (artifact for artifact in store.artifacts() if artifact.kind == "add")
    (damaged.path / "number.txt").unlink()
    assert main(["store", "verify", "--store", "store"]) == 1
    printed = capsys.readouterr().out
    assert f"add/{damaged.key}: number.txt: missing, expected 1" in printed
    assert "remove the folder of a fault" in printed


def test_du_adds_up(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["store", "du", "--store", "store"]) == 0
    *kinds, total = capsys.readouterr().out.splitlines()
    assert [line.split()[2:] for line in kinds] == [["2", "make"], ["1", "add"]]
    assert total.split()[2:] == ["3", "all"]


def test_du_of_an_empty_store_is_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["store", "du", "--store", str(tmp_path)]) == 0
    assert capsys.readouterr().out.split() == ["0.0", "MB", "0", "all"]


def test_gc_lists_first_and_deletes_only_when_told(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["store", "gc", "--store", "store"]) == 0
    printed = capsys.readouterr().out
    assert "kept: what 0 records and the recipes budget-curve, lab, lab-shared reach" in printed
    assert "nothing reaches: 3 artifacts" in printed
    assert len(list(store.artifacts())) == 3
    assert main(["store", "gc", "--store", "store", "--delete"]) == 0
    assert list(store.artifacts()) == []


def test_gc_deletes_nothing_while_a_run_uses_the_store(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    with store.in_use():
        assert main(["store", "gc", "--store", "store", "--delete"]) == 1
    assert "a run is using it; nothing was deleted" in capsys.readouterr().err
    assert len(list(store.artifacts())) == 3


@pytest.mark.parametrize("command", ["verify", "du", "gc"])
def test_a_folder_that_is_no_store_is_left_alone(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("photos/2024", "logs", "partial/x"):
        (tmp_path / name).mkdir(parents=True)
    assert main(["store", command, "--store", str(tmp_path)]) == 2
    assert "holds no artifacts; expected the store of a run" in capsys.readouterr().err
    assert (tmp_path / "photos" / "2024").is_dir()


def test_gc_deletes_nothing_that_is_no_artifact(store: Store, tmp_path: Path) -> None:
    (tmp_path / "store" / "photos" / "2024").mkdir(parents=True)
    assert main(["store", "gc", "--store", "store", "--delete"]) == 0
    assert list(store.artifacts()) == []
    assert (tmp_path / "store" / "photos" / "2024").is_dir()


def test_gc_stops_at_a_record_that_it_cannot_read_and_passes_over_other_files(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "settings.json").write_text("{}")
    assert main(["store", "gc", "--store", "store"]) == 0
    (tmp_path / "results" / "lab-3-seeds-0123456789.json").write_text("{")
    assert main(["store", "gc", "--store", "store", "--delete"]) == 2
    assert "lab-3-seeds-0123456789.json" in capsys.readouterr().err
    assert len(list(store.artifacts())) == 3


def test_several_artifacts_are_adopted_for_one_reason(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stub_stages.use(monkeypatch, stage(make.params, version=2)(make.run), add)
    keys = [artifact.key for artifact in store.artifacts() if artifact.kind == "make"]
    assert main(["store", "adopt", *keys, "--store", "store", "--because", "renamed a variable"]) == 0
    assert capsys.readouterr().out.count("because: renamed a variable") == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["verify", "--sample", "-1"], "--sample -1: expected 0 or more"),
        (["gc", "--records", "nowhere"], "--records nowhere: no such folder"),
        (["gc", "--recipe", "lba"], "unknown recipe 'lba' (did you mean 'lab'?)"),
        (["adopt", "abc", "--because", " "], "--because: expected a reason"),
        (["adopt", "abc", "--because", "x"], "no artifact with the key 'abc'"),
    ],
)
def test_wrong_input_is_one_line_and_exit_2(
    arguments: list[str], message: str, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    command, *rest = arguments
    assert main(["store", command, "--store", "store", *rest]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
