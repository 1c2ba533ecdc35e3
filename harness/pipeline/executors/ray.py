"""Run stages as tasks of a Ray cluster; all its nodes see the store at the same path."""

import os
from concurrent.futures import Future
from importlib import import_module
from types import TracebackType
from typing import Any

from harness.pipeline.descriptions import Artifact
from harness.pipeline.executors.base import IN_WORKERS, Job, Report, StageFailed, anywhere, here, needs, run_logged
from harness.stages import stage_kinds
from traceinv.cache import CACHE
from traceinv.errors import InputError

TRIES_AGAIN = 3
"""How often Ray computes a stage again whose worker or node is lost; it goes on from the stage's draft."""
PASSED_ON = ("HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "TRACEINV_")
"""Beginnings of the names of variables that count in workers too; none holds a key, since Ray shows them. The folder for
copies of a bucket is each machine's own."""
OWN_CLUSTER = "local"
"""What Ray calls a new cluster; without an address it joins one that runs on this machine, whoever started it."""


class RayExecutor:
    """Hands each stage to a Ray cluster with the processors and accelerators that its kind declares.

    Ray places the stages and computes those of a lost node again. Every node has the packages and reaches the store by the
    same path. A stage's accelerators count only on a cluster that has any.
    """

    def __init__(self, address: str | None = None, models_per_gpu: int = 1) -> None:
        """Connect to the cluster at an address, or start one on this machine.

        Args:
            address: `HOST:PORT` or `auto`; None for a cluster of this machine alone, which ends with the run.
            models_per_gpu: stages that share an accelerator.

        Raises:
            InputError: Ray is not installed, or no cluster answers.
        """
        try:
            ray: Any = import_module("ray")
        except ImportError:
            raise InputError("--executor ray: Ray is not installed; pip install 'traceinv[ray]'") from None
        own = {name: value for name, value in os.environ.items() if name.startswith(PASSED_ON) and name != CACHE}
        passed_on = {name: os.environ.get(name, value) for name, value in IN_WORKERS.items()} | own
        try:
            ray.init(
                address=address or OWN_CLUSTER,
                runtime_env={"env_vars": passed_on},
                include_dashboard=False if address is None else None,
                log_to_driver=False,
                configure_logging=False,
            )
        except (ConnectionError, ValueError) as error:
            raise InputError(f"--address {address}: no Ray cluster answers: {error}") from None
        self._ray = ray
        self._messages: list[str] = []
        has_gpus = ray.cluster_resources().get("GPU", 0) > 0
        self._gpu_share = 1 / models_per_gpu if has_gpus else 0.0
        self._work = ray.remote(max_retries=TRIES_AGAIN)(_work)
        strategies = import_module("ray.util.scheduling_strategies")
        own_node = strategies.NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        self._board = ray.remote(num_cpus=0, scheduling_strategy=own_node)(_Board).remote()

    def __enter__(self) -> "RayExecutor":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the cluster; tasks that this run began end with it."""
        self._ray.shutdown()

    def submit(self, job: Job) -> "Future[Artifact]":
        """Hand a job to the cluster; the future raises as the stage does, and StageFailed where its workers are lost."""
        wanted = needs(stage_kinds()[job.kind], job.params, job.inputs)
        gpus = wanted.gpus if self._gpu_share and wanted.gpus > 1 else wanted.gpus * self._gpu_share
        self._tell_what_waits(job, wanted.cpus, gpus)
        task = self._work.options(name=job.name, num_cpus=wanted.cpus, num_gpus=gpus).remote(anywhere(job), self._board)
        answer: Future[Artifact] = Future()
        task.future().add_done_callback(lambda done: _pass_on(job, done, answer))
        return answer

    def _tell_what_waits(self, job: Job, cpus: int, gpus: float) -> None:
        """Say that no node has room for a stage; it waits for one, which the cluster may add or have lost for a moment."""
        nodes = [node["Resources"] for node in self._ray.nodes() if node["Alive"]]
        if not any(node.get("CPU", 0) >= cpus and node.get("GPU", 0) >= gpus for node in nodes):
            self._messages.append(
                f"{job.name} waits for a node with {cpus} processors and {gpus:g} GPUs; none has them now"
            )

    def reports(self) -> list[Report]:
        """Return what stages have reported since the last call."""
        taken: list[Report] = self._ray.get(self._board.take.remote())
        return taken

    def messages(self) -> list[str]:
        """Return what stages wait for that no node has; Ray's own log names the nodes that it lost."""
        messages, self._messages = self._messages, []
        return messages


class _Board:
    """Where tasks leave how far they are, until the run takes it; an actor on the run's own node, so that it is lost with it."""

    def __init__(self) -> None:
        self._reports: dict[str, Report] = {}

    def put(self, report: Report) -> None:
        self._reports[report.node_id] = report

    def take(self) -> list[Report]:
        reports, self._reports = list(self._reports.values()), {}
        return reports


def _work(job: Job, board: Any) -> Artifact:
    """Run a job in a task of the cluster."""
    return run_logged(job, lambda share: board.put.remote(Report(job.node_id, share, here())))


def _pass_on(job: Job, done: "Future[Artifact]", answer: "Future[Artifact]") -> None:
    """Give a task's result to whoever waits for it: its own error in place of Ray's report of one."""
    error = done.exception()
    if error is None:
        answer.set_result(done.result())
        return
    cause = getattr(error, "cause", None)
    lost = f"{job.name}: its worker was lost {TRIES_AGAIN + 1} times ({type(error).__name__}); the same command resumes"
    answer.set_exception(cause if isinstance(cause, Exception) else StageFailed(lost))
