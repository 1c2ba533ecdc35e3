"""What an executor is, and how one stage is computed wherever it runs."""

import os
import shutil
import socket
import time
import traceback
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from harness.pipeline.descriptions import Artifact, InputRef
from harness.pipeline.keys import source_fingerprint
from harness.pipeline.store import LOGS, Store
from harness.stages import stage_kinds
from harness.stages.base import Resources, StageKind
from traceinv.devices import chosen
from traceinv.errors import GateError, InputError
from traceinv.processes import print_to
from traceinv.progress import Progress

REPORT_SECONDS = 0.2
IN_WORKERS = {
    "MALLOC_MMAP_THRESHOLD_": str(32 * 1024**2),
    "MALLOC_TRIM_THRESHOLD_": str(8 * 1024**3),
    "TOKENIZERS_PARALLELISM": "false",
}
"""The environment of workers, unless the user has set it: freed memory is kept, since tensors of a few MB would otherwise be
mapped anew each time."""
TRAINER = "trl"
"""The library that stages which train name, and no others."""


class Report(NamedTuple):
    """How far a running stage is.

    Attributes:
        share: of it that is done.
        where: the machine and the process that compute it.
    """

    node_id: str
    share: float
    where: str


@dataclass(frozen=True)
class JobInput:
    """An input of a job.

    Attributes:
        path: its folder; None for an artifact, which is read from the store of the machine that computes the job.
        ref: where it came from.
    """

    path: Path | None
    ref: InputRef


@dataclass(frozen=True)
class Job:
    """A stage ready to run: everything by value, so that it can travel to another process."""

    node_id: str
    name: str
    kind: str
    key: str
    params: Mapping[str, Any]
    inputs: Mapping[str, JobInput]
    store: Store


class StageFailed(Exception):
    """A stage failed for a reason that no input of the user explains; the message says where its log lies."""


class WorkerDied(StageFailed):
    """The process that computed a stage died; which of the stages that ran beside one another killed it is not known."""


class Executor(Protocol):
    """Runs jobs; `reports` and `messages` return what came since the last call: shares of stages, and lines for the user."""

    def submit(self, job: Job) -> "Future[Artifact]": ...

    def reports(self) -> list[Report]: ...

    def messages(self) -> list[str]: ...


def needs(kind: StageKind, params: Mapping[str, Any], inputs: Iterable[str]) -> Resources:
    """Return what a stage needs of a machine in this run; one that trains, for each device that trainings are spread over.

    Args:
        inputs: their names.
    """
    own = kind.needs(params, inputs)
    accelerate = chosen() if TRAINER in kind.libraries else None
    count = accelerate.num_processes if accelerate else 1
    return Resources(own.cpus * count, own.gpus * count)


def run_job(job: Job, progress: Progress) -> Artifact:
    """Compute one artifact in this process and publish it.

    Where another run computes the same artifact, wait for it and use it.
    """
    store, kind = job.store, stage_kinds()[job.kind]
    with store.lock(job.kind, job.key):
        artifact = store.find(job.kind, job.key)
        if artifact:
            return artifact
        inputs = {name: _folder(source, store) for name, source in job.inputs.items()}
        draft = store.open_draft(job.kind, job.key, kind.resumable)
        start = time.monotonic()
        params = kind.params.model_validate(dict(job.params))
        try:
            with store.keeping(draft, kind.resumable):
                log = kind.run(params, inputs, draft, progress)
        except BaseException:
            if not kind.resumable:
                shutil.rmtree(draft, ignore_errors=True)
            raise
        description = {
            "kind": job.kind,
            "key": job.key,
            "version": kind.version,
            "fingerprint": source_fingerprint(kind, job.params),
            "params": dict(job.params),
            "inputs": {name: source.ref for name, source in job.inputs.items()},
            "seconds": round(time.monotonic() - start, 3),
            "log": log,
        }
        return store.publish(draft, description)


def run_logged(job: Job, report: Progress) -> Artifact:
    """Run a job in a worker; everything that libraries print goes to a log file, which is kept where the stage fails.

    Raises:
        GateError, InputError: as the stage does, with its name.
        StageFailed: it failed for another reason, or the log cannot be written.
    """
    logs = job.store.root / LOGS
    log = logs / f"{job.kind}-{job.key}-{os.getpid()}.log"
    try:
        logs.mkdir(parents=True, exist_ok=True)
        print_to(log)
    except OSError as error:
        raise StageFailed(f"{job.name}: {log} cannot be written: {error.strerror}") from None
    try:
        report(0.0)
        artifact = run_job(job, _now_and_then(report))
    except (GateError, InputError) as error:
        raise type(error)(f"{job.name}: {error}") from None
    except Exception as error:  # noqa: BLE001  reported as a failed stage with its traceback in the log
        traceback.print_exc()
        raise StageFailed(f"{job.name}: {type(error).__name__}: {error} (log: {log})") from None
    for old in logs.glob(f"{job.kind}-{job.key}-*.log"):  # of earlier failures too, which explain nothing any more
        old.unlink(missing_ok=True)
    return artifact


def anywhere(job: Job) -> Job:
    """Return a job whose paths do not start from the current folder, which other processes do not have."""
    inputs = {name: JobInput(source.path and source.path.resolve(), source.ref) for name, source in job.inputs.items()}
    return replace(job, inputs=inputs, store=job.store.anywhere())


def here() -> str:
    """Name this process for a person: its machine and its number."""
    return f"{socket.gethostname()}, process {os.getpid()}"


def _folder(source: JobInput, store: Store) -> Path:
    """Return the folder of an input on this machine."""
    if source.path is not None:
        return source.path
    return store.local(str(source.ref.kind), str(source.ref.key))


def _now_and_then(report: Progress) -> Progress:
    """Return a progress that passes on at most one share in `REPORT_SECONDS`."""
    last = 0.0

    def progress(share: float) -> None:
        nonlocal last
        if time.monotonic() - last > REPORT_SECONDS:
            last = time.monotonic()
            report(share)

    return progress


class InlineExecutor:
    """Runs each job at once, in this process."""

    def submit(self, job: Job) -> "Future[Artifact]":
        future: Future[Artifact] = Future()
        try:
            future.set_result(run_job(replace(job, store=copy(job.store)), lambda share: None))  # as it travels
        except Exception as error:  # noqa: BLE001  the future raises it
            future.set_exception(error)
        return future

    def reports(self) -> list[Report]:
        return []

    def messages(self) -> list[str]:
        return []
