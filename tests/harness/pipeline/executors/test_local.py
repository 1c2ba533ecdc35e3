"""Worker processes: what becomes of them when a run is over, when one dies and when one is stopped."""

import errno
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from processes import has_shared_memory, is_alive, linger, wait_until_gone

from harness.pipeline.descriptions import Artifact
from harness.pipeline.executors import local
from harness.pipeline.executors.base import Job, Report, StageFailed, WorkerDied, here
from traceinv.errors import GateError

KEY = "0" * 24
SECONDS = 60.0
"""How long something may take that happens at once on an idle machine."""


NEEDS_WORKERS = pytest.mark.skipif(not has_shared_memory(), reason="this machine has no shared memory")


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Restore after a test what an executor sets for its workers."""
    monkeypatch.setattr(sys, "warnoptions", [*sys.warnoptions])
    for variable in ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "OMP_NUM_THREADS", "TOKENIZERS_PARALLELISM"):
        monkeypatch.setenv(variable, "1")


@NEEDS_WORKERS
@pytest.mark.parametrize("fails", [False, True])
def test_a_worker_that_cannot_end_does_not_keep_the_run(fails: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "GRACE_SECONDS", 0.2)
    workers: list[int] = []

    def run() -> None:
        with local.LocalExecutor(1) as executor:
            executor._pool.submit(linger).result()
            workers.extend(executor._pool._processes or {})
            if fails:
                raise KeyboardInterrupt

    if fails:
        with pytest.raises(KeyboardInterrupt):
            run()
    else:
        run()
    assert workers
    wait_until_gone(workers)


def _job(name: str, store: Path, script: str) -> Job:
    """Return a job that `_work_on` runs: a Python program with the store as its folder."""
    return Job(name, name, script, KEY, {}, {}, store)


def _work_on(job: Job) -> Artifact:
    """Stand in for the work on a job: report it and run its program."""
    local._reports.put((os.getpid(), Report(job.node_id, 0.0, here())))
    time.sleep(0.1)  # the queue's own thread sends the report
    exec(job.kind, {"folder": job.store})  # noqa: S102  a program of this file
    return job.name  # type: ignore[return-value]


@pytest.fixture
def executor(monkeypatch: pytest.MonkeyPatch) -> Iterator[local.LocalExecutor]:
    monkeypatch.setattr(local, "_work", _work_on)
    monkeypatch.setattr(local, "GRACE_SECONDS", 0.5)
    with local.LocalExecutor(2) as executor:
        yield executor


def _messages(executor: local.LocalExecutor, *futures: "Future[Artifact]") -> list[str]:
    """Poll as the scheduler does until the futures are done; return what the executor says."""
    messages: list[str] = []
    deadline = time.monotonic() + SECONDS
    while not all(future.done() for future in futures):
        assert time.monotonic() < deadline, messages
        executor.reports()
        messages += executor.messages()
        time.sleep(0.02)
    return messages


DIES_ONCE = """
import os, signal
if not (folder / "died").exists():
    (folder / "died").touch()
    os.kill(os.getpid(), signal.SIGKILL)
"""
DIES = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
WAITS = """
import time
(folder / str(os.getpid())).touch() if (os := __import__("os")) else None
while not (folder / "died").exists():
    time.sleep(0.02)
time.sleep(0.2)
"""


@NEEDS_WORKERS
def test_a_dead_worker_is_replaced_once_and_all_that_was_running_is_named(
    executor: local.LocalExecutor, tmp_path: Path
) -> None:
    futures = [executor.submit(_job("waits", tmp_path, WAITS)), executor.submit(_job("dies", tmp_path, DIES_ONCE))]
    messages = _messages(executor, *futures)
    assert [future.result() for future in futures] == ["waits", "dies"]
    (message,) = messages
    assert "a worker process died" in message
    assert "running were: dies; waits" in message or "running were: dies;" in message
    assert "started again" in message


@NEEDS_WORKERS
def test_a_worker_that_dies_again_ends_the_run(executor: local.LocalExecutor, tmp_path: Path) -> None:
    future = executor.submit(_job("dies", tmp_path, DIES))
    _messages(executor, future)
    with pytest.raises(StageFailed, match="running were: dies; the same command resumes"):
        future.result()


@NEEDS_WORKERS
def test_a_worker_that_dies_again_takes_no_stage_with_it_that_had_not_begun(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(local, "_work", _work_on)
    monkeypatch.setattr(local, "GRACE_SECONDS", 0.5)
    with local.LocalExecutor(1) as executor:
        dies, later = executor.submit(_job("dies", tmp_path, DIES)), executor.submit(_job("later", tmp_path, "pass"))
        _messages(executor, dies, later)
    assert isinstance(dies.exception(), WorkerDied)
    assert later.result() == "later"


@NEEDS_WORKERS
def test_a_stopped_worker_is_named_once(executor: local.LocalExecutor, tmp_path: Path) -> None:
    future = executor.submit(_job("waits", tmp_path, WAITS))
    deadline = time.monotonic() + SECONDS
    while not list(tmp_path.iterdir()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    (worker,) = (int(path.name) for path in tmp_path.iterdir())
    os.kill(worker, signal.SIGSTOP)
    messages: list[str] = []
    while not messages:
        assert time.monotonic() < deadline
        executor.reports()
        messages += executor.messages()
    executor.reports()
    messages += executor.messages()
    assert messages == [f"process {worker} is stopped (waits); kill -CONT {worker} lets it go on"]
    os.kill(worker, signal.SIGCONT)
    (tmp_path / "died").touch()
    assert not _messages(executor, future)


PARENT = """
import sys, time
sys.path.insert(0, sys.argv[2])
from harness.pipeline.executors import local

def main():
    executor = local.LocalExecutor(1)
    executor._pool.submit(time.sleep, 0).result()
    print(*executor._pool._processes, flush=True)
    time.sleep(600)

if __name__ == "__main__":
    main()
"""


@NEEDS_WORKERS
def test_a_stopped_worker_ends_with_the_run_that_was_killed(tmp_path: Path) -> None:
    program = tmp_path / "parent.py"
    program.write_text(PARENT)
    root = str(Path(__file__).parents[4])
    parent = subprocess.Popen([sys.executable, str(program), "x", root], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    os.kill(worker, signal.SIGSTOP)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    wait_until_gone([worker])
    assert not is_alive(worker)


def test_a_machine_without_shared_memory_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a container without /dev/shm, where the error named no file."""
    _without_shared_memory(monkeypatch)
    with pytest.raises(GateError, match="shm: Read-only file system; worker processes need it"):
        local.LocalExecutor(1)


def _without_shared_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(multiprocessing.get_context("spawn").__class__, "Queue", refuse)
