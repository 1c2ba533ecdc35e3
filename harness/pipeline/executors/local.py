"""Worker processes on this machine."""

import multiprocessing
import os
import sys
import threading
import time
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from harness.pipeline.descriptions import Artifact
from harness.pipeline.executors.base import IN_WORKERS, Job, Report, WorkerDied, here, run_logged
from traceinv.errors import GateError
from traceinv.processes import end_with_parent

GRACE_SECONDS = 10.0
"""How long idle workers may take to end by themselves."""
LEAKS = "ignore:resource_tracker:UserWarning"
"""Keeps a killed worker's progress bars, which hold a semaphore each, from warning the user of a leak that ends with the run."""
SHARED_MEMORY = "/dev/shm"  # noqa: S108  # where the system keeps what processes share
STOPPED = ("T", "t")
"""The states of a process that somebody has stopped."""


@dataclass(frozen=True)
class _Submitted:
    """A job that has no result yet, and the future that waits for it."""

    job: Job
    answer: "Future[Artifact]"


class LocalExecutor:
    """A pool of worker processes with one thread each: for small models two such are faster than one with two threads.

    A worker that dies takes the others with it. They are started anew once, and go on with what they were computing.
    """

    def __init__(self, workers: int) -> None:
        for name, value in IN_WORKERS.items():
            os.environ.setdefault(name, value)
        os.environ["OMP_NUM_THREADS"] = "1"
        if LEAKS not in sys.warnoptions:
            sys.warnoptions.append(LEAKS)
        self._workers = workers
        self._unfinished: dict[str, _Submitted] = {}
        self._working: dict[int, Job] = {}
        self._stopped: set[int] = set()
        self._messages: list[str] = []
        self._broken = threading.Event()
        self._is_second = False
        self._open_pool()

    def __enter__(self) -> "LocalExecutor":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the workers; none of them is waited for without a limit.

        An idle worker has published all that it made. Libraries that it loaded may keep it from ending, and the run with it.
        """
        self._close_pool(GRACE_SECONDS if kind is None else 0.0)

    def submit(self, job: Job) -> "Future[Artifact]":
        """Run a job in a worker; the future raises StageFailed where workers died twice."""
        submitted = _Submitted(job, Future())
        self._unfinished[job.node_id] = submitted
        self._hand_out(submitted)
        return submitted.answer

    def reports(self) -> list[Report]:
        """Return what stages have reported; where a worker has died, start the pool anew or give up."""
        reports = self._drain()
        if self._broken.is_set():
            self._replace()
        self._look_for_stopped()
        return reports

    def messages(self) -> list[str]:
        """Return what the user should know and has not been told."""
        messages, self._messages = self._messages, []
        return messages

    def _open_pool(self) -> None:
        context = multiprocessing.get_context("spawn")
        try:
            self._queue = context.Queue()
        except OSError as error:  # such as in a container without /dev/shm
            raise GateError(f"{SHARED_MEMORY}: {error.strerror}; worker processes need it") from None
        self._pool = ProcessPoolExecutor(self._workers, context, _start_worker, (self._queue, os.getpid()))

    def _close_pool(self, grace: float) -> None:
        workers = list((self._pool._processes or {}).values())
        self._pool.shutdown(wait=False, cancel_futures=True)
        deadline = time.monotonic() + grace
        for worker in workers:
            worker.join(max(0.0, deadline - time.monotonic()))
            if worker.is_alive():
                worker.kill()

    def _hand_out(self, submitted: _Submitted) -> None:
        pool = self._pool
        try:
            future = pool.submit(_work, submitted.job)
        except BrokenProcessPool:
            self._broken.set()
            return
        future.add_done_callback(lambda done: self._pass_on(pool, submitted, done))

    def _pass_on(self, pool: ProcessPoolExecutor, submitted: _Submitted, done: "Future[Artifact]") -> None:
        """Give the result of a job to whoever waits for it; a job whose worker died is left to `_replace`."""
        if done.cancelled():
            return
        error = done.exception()
        if isinstance(error, BrokenProcessPool):  # all jobs of the pool hear it, also after it was replaced
            if pool is self._pool:
                self._broken.set()
            return
        self._unfinished.pop(submitted.job.node_id, None)
        if error is None:
            submitted.answer.set_result(done.result())
        else:
            submitted.answer.set_exception(error)

    def _replace(self) -> None:
        """Start new workers and hand them every unfinished stage.

        Where a worker had died before, the stages that were running fail instead, or all where none was known to run.
        """
        running = {job.node_id for job in self._working.values() if job.node_id in self._unfinished}
        names = "; ".join(sorted(self._unfinished[node_id].job.name for node_id in running))
        died = f"a worker process died (out of memory?); running were: {names or 'none'}"
        self._close_pool(0.0)
        self._working.clear()
        if self._is_second:
            for node_id in running or list(self._unfinished):
                self._unfinished.pop(node_id).answer.set_exception(WorkerDied(f"{died}; the same command resumes"))
        self._messages.append(f"{died}; {'giving up' if self._is_second else 'they are started again'}")
        self._is_second = True
        self._open_pool()
        self._broken.clear()
        for submitted in list(self._unfinished.values()):
            self._hand_out(submitted)

    def _drain(self) -> list[Report]:
        """Take what workers have reported, and remember who computes what."""
        reports = []
        while not self._queue.empty():
            worker, report = self._queue.get()
            if report.node_id in self._unfinished:
                self._working[worker] = self._unfinished[report.node_id].job
            reports.append(report)
        return reports

    def _look_for_stopped(self) -> None:
        """Name each worker that somebody has stopped, once: the run waits for it for ever."""
        for worker in list(self._pool._processes or {}):
            if _state(worker) not in STOPPED:
                self._stopped.discard(worker)
            elif worker not in self._stopped:
                self._stopped.add(worker)
                job = self._working.get(worker)
                name = job.name if job and job.node_id in self._unfinished else "no stage"
                self._messages.append(f"process {worker} is stopped ({name}); kill -CONT {worker} lets it go on")


_reports: Any = None


def _start_worker(queue: Any, parent: int) -> None:
    global _reports
    _reports = queue
    end_with_parent(parent)


def _work(job: Job) -> Artifact:
    """Run a job in a worker, which reports how far it is."""

    def report(share: float) -> None:
        _reports.put((os.getpid(), Report(job.node_id, share, here())))

    return run_logged(job, report)


def _state(worker: int) -> str:
    """Return the state letter of a process; empty where it is gone or the system does not say."""
    try:
        return Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return ""
