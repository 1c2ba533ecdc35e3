"""Worker processes on this machine."""

import multiprocessing
import os
import sys
import threading
import time
import traceback
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from types import TracebackType
from typing import Any

from harness.pipeline.executors.base import Job, Report, StageFailed, run_job
from harness.pipeline.store import LOGS, Artifact
from traceinv.errors import GateError, InputError

REPORT_SECONDS = 0.2
PARENT_POLL_SECONDS = 0.5
GRACE_SECONDS = 10.0
"""How long idle workers may take to end by themselves."""
LEAKS = "ignore:resource_tracker:UserWarning"
"""Keeps a killed worker's progress bars, which hold a semaphore each, from warning the user of a leak that ends with the run."""


class LocalExecutor:
    """A pool of worker processes with one thread each: for small models two such are faster than one with two threads."""

    def __init__(self, workers: int) -> None:
        # Keep freed memory instead of returning it to the system: otherwise tensors of a few MB are mapped anew each time.
        os.environ.setdefault("MALLOC_MMAP_THRESHOLD_", str(32 * 1024**2))
        os.environ.setdefault("MALLOC_TRIM_THRESHOLD_", str(8 * 1024**3))
        os.environ["OMP_NUM_THREADS"] = "1"
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        if LEAKS not in sys.warnoptions:
            sys.warnoptions.append(LEAKS)
        context = multiprocessing.get_context("spawn")
        self._queue = context.Queue()
        self._pool = ProcessPoolExecutor(workers, context, _start_worker, (self._queue, os.getpid()))
        self._running: set[str] = set()

    def __enter__(self) -> "LocalExecutor":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the workers; none of them is waited for without a limit.

        An idle worker has published all that it made. Libraries that it loaded may keep it from ending, and the run with it.
        """
        workers = list((self._pool._processes or {}).values())
        self._pool.shutdown(wait=False, cancel_futures=True)
        deadline = time.monotonic() + (GRACE_SECONDS if kind is None else 0.0)
        for worker in workers:
            worker.join(max(0.0, deadline - time.monotonic()))
            if worker.is_alive():
                worker.kill()

    def submit(self, job: Job) -> "Future[Artifact]":
        """Run a job in a worker; the future raises StageFailed where the worker died."""
        self._running.add(job.name)
        answer: Future[Artifact] = Future()
        try:
            self._pool.submit(_work, job).add_done_callback(lambda done: self._pass_on(job, done, answer))
        except BrokenProcessPool:
            answer.set_exception(self._died())
        return answer

    def reports(self) -> list[Report]:
        reports = []
        while not self._queue.empty():
            reports.append(self._queue.get())
        return reports

    def _pass_on(self, job: Job, done: "Future[Artifact]", answer: "Future[Artifact]") -> None:
        if done.cancelled():
            answer.cancel()
            return
        error = done.exception()
        if isinstance(error, BrokenProcessPool):  # every running stage hears it, and each names all of them
            answer.set_exception(self._died())
            return
        self._running.discard(job.name)
        if error is None:
            answer.set_result(done.result())
        else:
            answer.set_exception(error)

    def _died(self) -> StageFailed:
        running = "; ".join(sorted(self._running))
        return StageFailed(f"a worker process died (out of memory?); running were: {running}; the same command resumes")


_reports: Any = None


def _start_worker(queue: Any, parent: int) -> None:
    global _reports
    _reports = queue
    threading.Thread(target=_die_with, args=(parent,), daemon=True).start()


def _die_with(parent: int) -> None:
    """End this process when its parent is gone; it would wait for work for ever."""
    while os.getppid() == parent:
        time.sleep(PARENT_POLL_SECONDS)
    os._exit(1)


def _work(job: Job) -> Artifact:
    """Run a job in a worker; everything that libraries print goes to a log file, which is kept where the stage fails."""
    logs = job.store / LOGS
    log = logs / f"{job.kind}-{job.key}-{os.getpid()}.log"
    try:
        logs.mkdir(parents=True, exist_ok=True)
        _redirect_output(log)
    except OSError as error:
        raise StageFailed(f"{job.name}: {log} cannot be written: {error.strerror}") from None
    last = 0.0

    def progress(share: float) -> None:
        nonlocal last
        if time.monotonic() - last > REPORT_SECONDS:
            last = time.monotonic()
            _reports.put((job.node_id, share))

    try:
        _reports.put((job.node_id, 0.0))
        artifact = run_job(job, progress)
    except (GateError, InputError) as error:
        raise type(error)(f"{job.name}: {error}") from None
    except Exception as error:  # noqa: BLE001  reported as a failed stage with its traceback in the log
        traceback.print_exc()
        raise StageFailed(f"{job.name}: {type(error).__name__}: {error} (log: {log})") from None
    for old in logs.glob(f"{job.kind}-{job.key}-*.log"):  # of earlier failures too, which explain nothing any more
        old.unlink(missing_ok=True)
    return artifact


def _redirect_output(log: Path) -> None:
    """Point standard output and error, the file descriptors themselves, at a file."""
    sys.stdout.flush()
    sys.stderr.flush()
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.close(file)
