"""What an executor is, and how one stage is computed wherever it runs."""

import shutil
import time
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from harness.pipeline.descriptions import Artifact, InputRef
from harness.pipeline.keys import source_fingerprint
from harness.pipeline.store import Store
from harness.stages import stage_kinds
from traceinv.progress import Progress

Report = tuple[str, float]
"""(id of a running node, share of it that is done)."""


@dataclass(frozen=True)
class JobInput:
    """An input of a job: its folder, and where it came from."""

    path: Path
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
    store: Path


class StageFailed(Exception):
    """A stage failed for a reason that no input of the user explains; the message says where its log lies."""


class Executor(Protocol):
    """Runs jobs; `reports` and `messages` return what came since the last call: shares of stages, and lines for the user."""

    def submit(self, job: Job) -> "Future[Artifact]": ...

    def reports(self) -> list[Report]: ...

    def messages(self) -> list[str]: ...


def run_job(job: Job, progress: Progress) -> Artifact:
    """Compute one artifact in this process and publish it.

    Where another run computes the same artifact, wait for it and use it.
    """
    store, kind = Store(job.store), stage_kinds()[job.kind]
    with store.lock(job.kind, job.key):
        artifact = store.find(job.kind, job.key)
        if artifact:
            return artifact
        draft = store.open_draft(job.kind, job.key, kind.resumable)
        start = time.monotonic()
        params = kind.params.model_validate(dict(job.params))
        try:
            log = kind.run(params, {name: source.path for name, source in job.inputs.items()}, draft, progress)
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


class InlineExecutor:
    """Runs each job at once, in this process."""

    def submit(self, job: Job) -> "Future[Artifact]":
        future: Future[Artifact] = Future()
        future.set_result(run_job(job, lambda share: None))
        return future

    def reports(self) -> list[Report]:
        return []

    def messages(self) -> list[str]:
        return []
