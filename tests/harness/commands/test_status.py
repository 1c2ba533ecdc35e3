"""`traceinv status`: what a run in another process does, read off its store."""

import json
from pathlib import Path

import pytest
from small_recipe import SMALL_RECIPE, write_recipe
from stub_stages import Recorder

from harness.cli import main
from harness.pipeline.executors.base import Report
from harness.pipeline.graph import Node
from harness.pipeline.journal import Journal
from harness.pipeline.plan import Plan, plan
from harness.pipeline.recipe_files import load_recipe

COMMAND = "traceinv run small.yaml"


@pytest.fixture
def planned(tmp_path: Path) -> Plan:
    return plan(load_recipe(str(write_recipe(tmp_path / "small.yaml", SMALL_RECIPE))))


def _nodes(planned: Plan) -> tuple[Node, Node, Node]:
    first, second, third, *_ = planned.graph
    return first, second, third


def _journal(planned: Plan, store: Path) -> Journal:
    return Journal(Recorder(), planned, {_nodes(planned)[0].id}, store, COMMAND)


def _status(store: Path, capsys: pytest.CaptureFixture[str], *options: str) -> str:
    assert main(["status", "--store", str(store), *options]) == 0
    return capsys.readouterr().out


def test_a_run_that_works_says_what_is_done_and_what_runs_where(
    planned: Plan, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.pipeline.journal.WRITE_SECONDS", 0.0)
    _, runs, waits = _nodes(planned)
    with _journal(planned, tmp_path) as journal:
        journal.started(runs)
        journal.started(waits)
        for share in (0.0, 0.25):
            journal.advanced(Report(runs.id, share, "node7, process 12"))
        journal.advanced(Report(runs.id, 0.5, "node7, process 12"))
        shown = _status(tmp_path, capsys)
    first, *table = shown.splitlines()
    assert first.startswith("small: running for 0:00:")
    assert (
        f"of {len(planned.graph)} stages 1 done, 1 running, {len(planned.graph) - 2} to come; about 0 s left" in first
    )
    (row,) = (line for line in table if "node7, process 12" in line)
    assert planned.graph.name(runs) in row
    assert "50%" in row
    assert not [line for line in table if planned.graph.name(waits) in line], "no worker has begun it"


def test_a_failure_is_told_with_its_reason_and_a_run_that_has_ended_with_how_it_goes_on(
    planned: Plan, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, fails, runs = _nodes(planned)
    with _journal(planned, tmp_path) as journal:
        journal.started(runs)
        journal.advanced(Report(runs.id, 0.2, "node7, process 12"))
        journal.started(fails)
        journal.failed(fails, "questions: no question is left")
    lines = _status(tmp_path, capsys, "small").splitlines()
    assert "not running; last change 0:00:" in lines[0]
    assert "1 done, 1 under way, 1 failed" in lines[0]
    assert lines[1:] == ["failed: questions: no question is left", f"resume it: {COMMAND}"]


def test_a_stage_that_a_worker_takes_up_elsewhere_has_another_pace(planned: Plan, tmp_path: Path) -> None:
    """What an earlier run had done of a stage says nothing of how fast it is now."""
    _, runs, _ = _nodes(planned)
    with _journal(planned, tmp_path) as journal:
        journal.started(runs)
        for share, where in ((0.0, "a"), (0.8, "a"), (0.0, "b"), (0.8, "b")):
            journal.advanced(Report(runs.id, share, where))
    (stage,) = (
        stage
        for stage in json.loads((tmp_path / "status" / "small.json").read_text())["stages"].values()
        if stage["state"] == "running"
    )
    assert (stage["where"], stage["share"]) == ("b", 0.8)


def test_a_second_run_of_the_same_name_leaves_the_status_to_the_first(
    planned: Plan, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, first, second = _nodes(planned)
    with _journal(planned, tmp_path) as journal, _journal(planned, tmp_path) as other:
        other.started(second)
        journal.started(first)
        shown = json.loads(_status(tmp_path, capsys, "--json"))
    running = [name for name, stage in shown["stages"].items() if stage["state"] == "running"]
    assert running == [first.id]


def test_an_unknown_run_is_named_with_the_nearest(
    planned: Plan, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status", "--store", str(tmp_path)]) == 2
    with _journal(planned, tmp_path):
        pass
    assert main(["status", "smal", "--store", str(tmp_path)]) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert first == f"traceinv: --store {tmp_path}: no run has written its status there"
    assert second == f"traceinv: smal: no run of this name in {tmp_path} (did you mean 'small'?)"


def test_a_damaged_status_is_one_line(planned: Plan, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with _journal(planned, tmp_path):
        pass
    (tmp_path / "status" / "small.json").write_text('{"name": "small"}')
    assert main(["status", "--store", str(tmp_path)]) == 2
    assert "small.json: " in capsys.readouterr().err
