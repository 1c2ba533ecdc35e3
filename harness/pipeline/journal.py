"""What a run is doing, in a file of its store that others read while it runs: `status/NAME.json`."""

import contextlib
import fcntl
import os
import time
from collections.abc import Collection
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from harness.files import write_atomic
from harness.pipeline.descriptions import Artifact
from harness.pipeline.executors.base import Report
from harness.pipeline.graph import Node
from harness.pipeline.plan import Plan
from harness.pipeline.scheduler import Watcher
from harness.results.files import read_as
from traceinv.errors import InputError, nearest
from traceinv.schema import Closed

STATUS = "status"
"""The folder of a store that holds what its runs do."""
WRITE_SECONDS = 2.0
"""How often shares of running stages are written, at most; what starts, ends or fails is written at once."""
State = Literal["waiting", "running", "done", "failed"]


class StageState(Closed):
    """One stage of a run.

    Attributes:
        since: when it took this state, in seconds since the epoch; of a running stage when a worker began.
        share: of a running stage that is done.
        left: seconds that a running stage still takes at its pace since its first share, which may be of an earlier run.
        where: the machine and the process that compute it; None for one that waits for a worker.
        why: a failed stage's error.
    """

    name: str
    state: State
    since: float
    share: float = 0.0
    left: float | None = None
    where: str | None = None
    why: str | None = None


class RunState(Closed):
    """A run.

    Attributes:
        recipe: its resolved recipe, from which its plan can be made again.
        command: the command that began it, and resumes it.
        begun: when, in seconds since the epoch.
        stages: by the id of their nodes.
    """

    name: str
    recipe: dict[str, Any]
    command: str
    begun: float
    stages: dict[str, StageState]

    def of(self, state: State) -> list[StageState]:
        """List the stages in a state."""
        return [stage for stage in self.stages.values() if stage.state == state]


class Journal:
    """A watcher that writes what happens to the run's file and passes it on.

    Where another run of the same name writes its own, nothing is written.
    """

    def __init__(self, inner: Watcher, planned: Plan, done: Collection[str], store: Path, command: str) -> None:
        """Begin with all stages; `done` are the ids of the nodes whose artifacts are in the store already."""
        self._inner = inner
        self._path = _file(store, planned.recipe.name)
        self._written = 0.0
        now = time.time()
        stages = {
            node.id: StageState(
                name=planned.graph.name(node), state="done" if node.id in done else "waiting", since=now
            )
            for node in planned.graph
        }
        recipe = planned.recipe.model_dump(mode="json")
        self._run = RunState(name=planned.recipe.name, recipe=recipe, command=command, begun=now, stages=stages)
        self._lock: int | None = None
        self._first: dict[str, tuple[float, float]] = {}

    def __enter__(self) -> "Journal":
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = _take(self._path)
        self._write()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._write()
        if self._lock is not None:
            os.close(self._lock)

    def cached(self, node: Node, artifact: Artifact) -> None:
        if self._run.stages[node.id].state != "done":
            self._set(node, "done")
        self._inner.cached(node, artifact)

    def started(self, node: Node) -> None:
        self._set(node, "running")
        self._inner.started(node)

    def advanced(self, report: Report) -> None:
        if self._run.stages[report.node_id].state == "running":
            self._place(report, time.time())
            if time.time() - self._written > WRITE_SECONDS:
                self._write()
        self._inner.advanced(report)

    def finished(self, node: Node, artifact: Artifact) -> None:
        self._set(node, "done")
        self._inner.finished(node, artifact)

    def failed(self, node: Node, why: str) -> None:
        self._set(node, "failed", why)
        self._inner.failed(node, why)

    def told(self, message: str) -> None:
        self._inner.told(message)

    def _place(self, report: Report, now: float) -> None:
        """Keep where a stage runs and how far it is; a stage that begins anew elsewhere has another pace."""
        stage = self._run.stages[report.node_id]
        since = stage.since if stage.where == report.where else now
        if since == now or not stage.share:
            self._first[report.node_id] = now, report.share
        begun, share = self._first[report.node_id]
        left = (now - begun) * (1 - report.share) / (report.share - share) if report.share > share else None
        told = {"share": report.share, "where": report.where, "since": since, "left": left}
        self._run.stages[report.node_id] = stage.model_copy(update=told)

    def _set(self, node: Node, state: State, why: str | None = None) -> None:
        known = self._run.stages[node.id]
        where = None if state == "running" else known.where
        self._run.stages[node.id] = StageState(name=known.name, state=state, since=time.time(), where=where, why=why)
        self._write()

    def _write(self) -> None:
        if self._lock is None:
            return
        self._written = time.time()
        with contextlib.suppress(OSError):  # the run itself needs no status; a full disk stops its stages
            write_atomic(self._path, self._run.model_dump_json() + "\n")


def read_run(store: Path, name: str | None) -> RunState:
    """Read what a run did last.

    Args:
        name: of its recipe; None for the run that wrote last.

    Raises:
        InputError: the store holds no such run, or its file cannot be read.
    """
    files = sorted((store / STATUS).glob("*.json"), key=lambda path: path.stat().st_mtime)
    if not files:
        raise InputError(f"--store {store}: no run has written its status there")
    path = files[-1] if name is None else _file(store, name)
    if path not in files:
        raise InputError(f"{name}: no run of this name in {store}{nearest(name or '', [file.stem for file in files])}")
    return read_as(path, RunState)


def is_running(store: Path, name: str) -> bool:
    """Say whether a process writes the status of a run; one that was killed does not."""
    lock = _take(_file(store, name))
    if lock is not None:
        os.close(lock)
    return lock is None


def _file(store: Path, name: str) -> Path:
    return store / STATUS / f"{name}.json"


def _take(path: Path) -> int | None:
    """Take the right to write a run's status; None where another process has it, or nobody can tell."""
    try:
        lock = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return None
    return lock
