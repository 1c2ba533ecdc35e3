"""Stages on a real Ray cluster of this machine: the artifacts that this process makes, and the stages' own errors."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from drawn_questions import digests, error_of_a_stage

from harness.pipeline.executors import ray
from harness.pipeline.executors.base import InlineExecutor, Job
from harness.pipeline.executors.ray import RayExecutor
from harness.pipeline.store import Store
from harness.stages.base import Resources

pytest.importorskip("ray")
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
"""Ray leaves the handles of its processes to the garbage collector."""


@pytest.fixture(scope="module")
def executor() -> Iterator[RayExecutor]:
    """Open an executor without an address where Ray's own variable names another cluster, which does not answer."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_ADDRESS", "127.0.0.1:1")
        with RayExecutor() as opened:
            yield opened
    gc.collect()


def test_without_an_address_a_cluster_is_started_though_another_runs(executor: RayExecutor) -> None:
    assert executor.reports() == []


def test_artifacts_are_those_of_this_process(executor: RayExecutor, tmp_path: Path) -> None:
    assert digests(executor, tmp_path / "ray", 3) == digests(InlineExecutor(), tmp_path / "inline", 3)


def test_paths_may_start_from_the_current_folder(
    executor: RayExecutor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    digests(executor, Path("store"), 3)
    assert list((tmp_path / "store" / "questions").iterdir())


def test_a_stage_fails_with_its_own_error_and_name(executor: RayExecutor, tmp_path: Path) -> None:
    message = error_of_a_stage(executor, tmp_path)
    assert message.startswith("questions: ")
    assert "ray" not in message


def test_a_stage_that_no_node_has_room_for_says_so_and_waits(
    executor: RayExecutor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray, "needs", lambda *_: Resources(cpus=999))
    waiting = executor.submit(Job("id", "a large stage", "questions", "0" * 24, {}, {}, Store(tmp_path)))
    assert executor.messages() == ["a large stage waits for a node with 999 processors and 0 GPUs; none has them now"]
    assert not waiting.done()
    assert executor.messages() == []
