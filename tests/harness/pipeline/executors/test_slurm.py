"""Stages as jobs of a real Slurm cluster of this machine: the artifacts that this process makes, and the stages' own errors."""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from drawn_questions import digests, drawing, error_of_a_stage
from slurm import cluster, missing
from small_recipe import SMALL_RECIPE, write_recipe
from stub_stages import Recorder

from harness.assembly.record import assemble
from harness.pipeline.executors import slurm
from harness.pipeline.executors.base import InlineExecutor, Report, StageFailed
from harness.pipeline.executors.slurm import SlurmExecutor
from harness.pipeline.plan import plan
from harness.pipeline.recipe_files import load_recipe
from harness.pipeline.scheduler import make_job, run
from harness.pipeline.store import Store
from traceinv.errors import InputError

pytest.importorskip("submitit")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(missing()), reason=f"this machine has no Slurm: {', '.join(missing())}"),
]
ROOT = Path(__file__).parents[4]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Start a cluster and make it that of this process; jobs import this checkout."""
    with cluster(tmp_path_factory.mktemp("slurm")) as variables, pytest.MonkeyPatch.context() as patch:
        paths = os.environ.get("PYTHONPATH")
        for name, value in {**variables, "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), paths)))}.items():
            patch.setenv(name, value)
        yield


@pytest.fixture
def executor(environment: None) -> Iterator[SlurmExecutor]:
    with SlurmExecutor({"time": "10"}) as opened:
        yield opened


def test_artifacts_are_those_of_this_process_and_jobs_leave_nothing_behind(
    executor: SlurmExecutor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places: list[str] = []

    class Watcher(Recorder):
        def advanced(self, report: Report) -> None:
            places.append(report.where)

    monkeypatch.setattr(slurm, "LOOK_SECONDS", 0.05)
    monkeypatch.chdir(tmp_path)  # a path may start from the current folder
    on_slurm = digests(executor, Path("slurm"), 2, Watcher())
    assert on_slurm == digests(InlineExecutor(), tmp_path / "inline", 2)
    assert all("Slurm job " in place for place in places)
    assert not list((tmp_path / "slurm" / "logs" / "slurm").iterdir())


def test_a_stage_fails_with_its_own_error_and_name(executor: SlurmExecutor, tmp_path: Path) -> None:
    message = error_of_a_stage(executor, tmp_path)
    assert message.startswith("questions: ")
    assert "submitit" not in message


def test_a_job_that_somebody_cancels_fails_its_stage(
    executor: SlurmExecutor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slurm, "ASK_SECONDS", 1.0)
    subprocess.run(["scontrol", "update", "partition=main", "state=down"], check=True)  # so that the job stays queued
    try:
        future = executor.submit(_job(Store(tmp_path)))
        subprocess.run(["scancel", "--name=traceinv-questions"], check=True)
        while not future.done():
            executor.reports()
            time.sleep(0.1)
    finally:
        subprocess.run(["scontrol", "update", "partition=main", "state=up"], check=True)
    with pytest.raises(
        StageFailed, match=r"questions: Slurm job \d+ ended without a result \(CANCELLED; it printed .*slurm"
    ):
        future.result()


def _job(store: Store) -> Any:
    graph = drawing(1)
    (node,) = graph
    return make_job(graph, node, {}, store)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"partition": "nowhere"},
            "sbatch refuses questions: sbatch: error: Batch job submission failed: Invalid partition",
        ),
        ({"time": "2h"}, "--slurm time=2h: expected a whole number of minutes"),
    ],
)
def test_a_wrong_option_of_sbatch_is_a_wrong_input(
    options: dict[str, str], message: str, environment: None, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(InputError) as caught, SlurmExecutor(options) as executor:
        executor.submit(_job(Store(tmp_path)))
    assert message in str(caught.value)
    assert capfd.readouterr().err == ""


def test_no_more_jobs_are_queued_than_may(environment: None, tmp_path: Path) -> None:
    with SlurmExecutor({"time": "10"}, jobs=1) as executor:
        graph = drawing(2)
        most = 0

        class Watcher(Recorder):
            def advanced(self, report: Report) -> None:
                nonlocal most
                most = max(most, len(executor._open))

        run(graph, Store(tmp_path), executor, Watcher())
    assert most <= 1


def test_the_record_is_that_of_a_run_in_this_process(executor: SlurmExecutor, tmp_path: Path) -> None:
    recipe = {**SMALL_RECIPE, "regimes": ["base", "oracle"], "benchmark": {"tasks": ["lab_chain"], "limit": 4}}
    planned = plan(load_recipe(str(write_recipe(tmp_path / "small.yaml", recipe))))
    on_slurm = run(planned.graph, Store(tmp_path / "slurm"), executor, Recorder())
    here = run(planned.graph, Store(tmp_path / "here"), InlineExecutor(), Recorder())
    records = [assemble(planned, artifacts, "test")[0].comparable() for artifacts in (on_slurm, here)]
    assert records[0] == records[1]
