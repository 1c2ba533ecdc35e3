"""Running an experiment: every stage whose artifact is not in the store yet, as soon as its inputs are there."""

from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Protocol

from harness.pipeline.executors.local import Executor, Job, StageFailed
from harness.pipeline.plan import Experiment, External, Stage
from harness.pipeline.store import Artifact, Store, make_key
from harness.stages.kinds import STAGES


class Watcher(Protocol):
    """Told what happens, for a person to see."""

    def found(self, stage: Stage, artifact: Artifact) -> None: ...

    def started(self, stage: Stage) -> None: ...

    def advanced(self, name: str, share: float) -> None: ...

    def finished(self, stage: Stage, artifact: Artifact) -> None: ...


def run(experiment: Experiment, store: Store, executor: Executor, watcher: Watcher) -> dict[str, Artifact]:
    """Compute what is missing; every stage's artifact, by the stage's name.

    Raises:
        GateError, InputError, StageFailed: as the first failing stage does; what was finished stays in the store.
    """
    store.sweep()
    done: dict[str, Artifact] = {}
    waiting = list(experiment.stages)
    running: dict[Future[Artifact], Stage] = {}
    while waiting or running:
        ready = sorted((s for s in waiting if _is_ready(s, done)), key=lambda s: -s.cost)
        for stage in ready:
            waiting.remove(stage)
            job = make_job(stage, done, store)
            artifact = store.find(stage.kind, job.key)
            if artifact:
                done[stage.name] = artifact
                watcher.found(stage, artifact)
            else:
                watcher.started(stage)
                running[_submit(stage, job, executor)] = stage
        if not running:
            continue
        finished, _ = wait(running, timeout=0.2, return_when=FIRST_COMPLETED)
        for name, share in executor.reports():
            watcher.advanced(name, share)
        for future in finished:
            stage = running.pop(future)
            done[stage.name] = _result(stage, future)
            watcher.finished(stage, done[stage.name])
    return done


def _submit(stage: Stage, job: Job, executor: Executor) -> Future[Artifact]:
    try:
        return executor.submit(job)
    except BrokenProcessPool:
        raise _died(stage) from None


def _result(stage: Stage, future: Future[Artifact]) -> Artifact:
    try:
        return future.result()
    except BrokenProcessPool:
        raise _died(stage) from None


def _died(stage: Stage) -> StageFailed:
    return StageFailed(
        f"a worker died at or beside {stage.name!r} (out of memory?); the same command goes on from here"
    )


def missing(experiment: Experiment, store: Store) -> list[Stage]:
    """The stages that a run would have to compute, as far as can be told before it: those below one of them count too."""
    done: dict[str, Artifact] = {}
    absent = []
    for stage in experiment.stages:
        artifact = store.find(stage.kind, make_job(stage, done, store).key) if _is_ready(stage, done) else None
        if artifact:
            done[stage.name] = artifact
        else:
            absent.append(stage)
    return absent


def make_job(stage: Stage, done: Mapping[str, Artifact], store: Store) -> Job:
    """The stage with its key, which is known once its inputs are there."""
    digests: dict[str, str] = {}
    paths: dict[str, Path] = {}
    for name, source in stage.inputs.items():
        artifact = source if isinstance(source, External) else done[source.name]
        digests[name], paths[name] = artifact.digest, artifact.path
    version = STAGES[stage.kind].code_version
    key = make_key(stage.kind, version, stage.params, digests)
    return Job(stage.name, stage.kind, key, version, stage.params, paths, store.root)


def _is_ready(stage: Stage, done: Mapping[str, Artifact]) -> bool:
    return all(isinstance(source, External) or source.name in done for source in stage.inputs.values())
