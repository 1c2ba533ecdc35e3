"""Where stages run: worker processes on this machine, or this process itself."""

import multiprocessing
import os
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from harness.pipeline.store import Artifact, Store
from harness.stages.kinds import STAGES
from traceinv.errors import GateError, InputError
from traceinv.progress import Progress

Report = tuple[str, float]
"""(name of a running stage, share of it that is done)."""


@dataclass(frozen=True)
class Job:
    """A stage ready to run: everything by value, so that it can travel to another process."""

    name: str
    kind: str
    key: str
    version: str
    params: Mapping[str, Any]
    inputs: Mapping[str, Path]
    store: Path


class StageFailed(Exception):
    """A stage raised something that no user's input explains; the message says where its log lies."""


class Executor(Protocol):
    """Runs jobs; `reports` hands over what running stages have said since the last call."""

    def submit(self, job: Job) -> "Future[Artifact]": ...

    def reports(self) -> list[Report]: ...


def run_job(job: Job, progress: Progress) -> Artifact:
    """Compute one artifact in this process and publish it."""
    store = Store(job.store)
    draft = store.open_draft()
    start = time.monotonic()
    kind = STAGES[job.kind]
    log = kind.run(job.params, job.inputs, draft, progress)
    kind.check_code(job.version)
    return store.publish(draft, job.kind, job.key, round(time.monotonic() - start, 3), log)


class InlineExecutor:
    """Runs each job at once, in this process."""

    def submit(self, job: Job) -> "Future[Artifact]":
        future: Future[Artifact] = Future()
        future.set_result(run_job(job, lambda share: None))
        return future

    def reports(self) -> list[Report]:
        return []


class LocalExecutor:
    """Worker processes on this machine, one thread each: for small models two such are faster than one with two threads."""

    def __init__(self, workers: int) -> None:
        # Freshly freed memory is kept, not given back to the system: tensors of a few MB are otherwise mapped anew each time.
        os.environ.setdefault("MALLOC_MMAP_THRESHOLD_", str(32 * 1024**2))
        os.environ.setdefault("MALLOC_TRIM_THRESHOLD_", str(8 * 1024**3))
        os.environ["OMP_NUM_THREADS"] = "1"
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        context = multiprocessing.get_context("spawn")
        self._queue = context.Queue()
        self._pool = ProcessPoolExecutor(workers, context, _start_worker, (self._queue, os.getpid()))

    def __enter__(self) -> "LocalExecutor":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            for process in (self._pool._processes or {}).values():
                process.kill()
        self._pool.shutdown(cancel_futures=True)

    def submit(self, job: Job) -> "Future[Artifact]":
        return self._pool.submit(_work, job)

    def reports(self) -> list[Report]:
        reports = []
        while not self._queue.empty():
            reports.append(self._queue.get())
        return reports


_reports: Any = None


def _start_worker(queue: Any, parent: int) -> None:
    global _reports
    _reports = queue
    threading.Thread(target=_die_with, args=(parent,), daemon=True).start()


def _die_with(parent: int) -> None:
    """A worker whose parent was killed would wait for work for ever."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _work(job: Job) -> Artifact:
    """Run a job in a worker, with everything that libraries print kept in a log file."""
    logs = job.store / "logs"
    logs.mkdir(exist_ok=True)
    log = logs / f"{job.kind}-{job.key}.log"
    _redirect_output(log)
    last = 0.0

    def progress(share: float) -> None:
        nonlocal last
        if time.monotonic() - last > 0.2:
            last = time.monotonic()
            _reports.put((job.name, share))

    try:
        _reports.put((job.name, 0.0))
        artifact = run_job(job, progress)
    except (GateError, InputError) as error:
        raise type(error)(f"{job.name}: {error}") from None
    except Exception as error:  # noqa: BLE001  reported as a failed stage with its traceback in the log
        traceback.print_exc()
        raise StageFailed(f"{job.name}: {type(error).__name__}: {error} (log: {log})") from None
    log.unlink(missing_ok=True)
    return artifact


def _redirect_output(log: Path) -> None:
    """Point standard output and error, the file descriptors themselves, at a file."""
    sys.stdout.flush()
    sys.stderr.flush()
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.close(file)
