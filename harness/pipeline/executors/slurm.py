"""Run stages as jobs of a Slurm cluster, through submitit; all its nodes see the store at the same path."""

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from importlib import import_module
from io import StringIO
from pathlib import Path
from types import TracebackType
from typing import Any

from harness.files import write_atomic
from harness.pipeline.descriptions import Artifact
from harness.pipeline.executors.base import Job, Report, StageFailed, anywhere, here, needs, run_logged
from harness.pipeline.store import LOGS
from harness.stages import stage_kinds
from traceinv.errors import GateError, InputError
from traceinv.progress import Progress

FOLDER = "slurm"
"""The folder, among a store's logs, with what is submitted, how far it is, its result, and what it prints."""
SHARE = "share"
"""The file in which a job leaves how far it is."""
MINUTES = 240
"""How long a job may take where the user does not say; then it is queued again and goes on from its draft."""
QUEUED_AGAIN = 100
"""How often a job that ran out of its time is queued again, at most."""
LOOK_SECONDS = 1.0
"""How often the folder is looked at."""
ASK_SECONDS = 10.0
"""How often Slurm is asked which jobs it still knows."""
OPEN = (
    "PENDING",
    "RUNNING",
    "CONFIGURING",
    "COMPLETING",
    "REQUEUED",
    "REQUEUE_HOLD",
    "PREEMPTED",
    "SUSPENDED",
    "STOPPED",
)
"""States of jobs that are not over."""
SETUP = ("export OMP_NUM_THREADS=${SLURM_CPUS_PER_TASK:-1}", "export TOKENIZERS_PARALLELISM=false")


@dataclass
class _Submitted:
    """A job that has no result yet.

    Attributes:
        folder: its own, through which it and the run talk; two stages of one key, or of two runs, have two.
        handle: submitit's; None until Slurm has the job.
        over: whether Slurm said that it is over, when last asked.
    """

    job: Job
    answer: "Future[Artifact]"
    folder: Path
    handle: Any = None
    over: bool = False


class SlurmExecutor:
    """Hands each stage to Slurm as a job with the processors and accelerators that its kind declares.

    Slurm places the jobs. Every node has the packages and reaches the store by the same path. Accelerators are asked for only
    where the cluster has any. Nothing is asked of Slurm's accounting, which not every cluster has.
    """

    def __init__(self, options: Mapping[str, str], jobs: int | None = None) -> None:
        """Look for the cluster of this machine.

        Args:
            options: of sbatch, such as `partition`; `time` is in minutes.
            jobs: how many may be queued or running at a time; None for all that are ready.

        Raises:
            InputError: submitit is not installed, this machine has no Slurm, or `time` is no number of minutes.
        """
        try:
            self._submitit: Any = import_module("submitit")
        except ImportError:
            raise InputError("--executor slurm: submitit is not installed; pip install 'traceinv[slurm]'") from None
        if shutil.which("sbatch") is None:
            raise InputError("--executor slurm: sbatch is not on this machine; run it where jobs are submitted")
        self._options = {name: value for name, value in options.items() if name != "time"}
        self._minutes = _minutes(options.get("time", str(MINUTES)))
        self._has_gpus = "gpu" in (_ask("sinfo", "--noheader", "--format=%G") or "")
        self._jobs = jobs
        self._queued: deque[_Submitted] = deque()
        self._open: dict[str, _Submitted] = {}
        self._looked = self._asked = time.monotonic()

    def __enter__(self) -> "SlurmExecutor":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Cancel what is not finished: a run that has failed waits for nothing."""
        for submitted in self._open.values():
            submitted.handle.cancel(check=False)

    def submit(self, job: Job) -> "Future[Artifact]":
        """Hand a job to Slurm; the future raises as the stage does, and StageFailed where Slurm ends the job.

        Raises:
            InputError: sbatch refuses it.
        """
        job = anywhere(job)
        folder = job.store.root / LOGS / FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        own = Path(tempfile.mkdtemp(prefix=f"{job.kind}-{job.key}-", dir=folder))
        submitted = _Submitted(job, Future(), own)
        self._queued.append(submitted)
        self._hand_out()
        return submitted.answer

    def reports(self) -> list[Report]:
        """Return what stages have reported, after looking for results."""
        if time.monotonic() - self._looked < LOOK_SECONDS:
            return []
        self._looked = time.monotonic()
        reports = [report for submitted in self._open.values() if (report := _read_share(submitted))]
        known = self._still_known()
        for job_id, submitted in list(self._open.items()):
            if submitted.handle.paths.result_pickle.exists():
                del self._open[job_id]
                _answer(submitted)
            elif known is not None:
                self._notice_end(job_id, submitted, known.get(job_id, "unknown"))
        self._hand_out()
        return reports

    def messages(self) -> list[str]:
        """Return no lines: Slurm's own commands show its nodes and queues."""
        return []

    def _hand_out(self) -> None:
        while self._queued and (self._jobs is None or len(self._open) < self._jobs):
            submitted = self._queued.popleft()
            submitted.handle = self._sbatch(submitted.job, submitted.folder)
            self._open[submitted.handle.job_id] = submitted

    def _sbatch(self, job: Job, folder: Path) -> Any:
        wanted = needs(stage_kinds()[job.kind], job.params, job.inputs)
        executor = self._submitit.SlurmExecutor(folder, max_num_timeout=QUEUED_AGAIN)
        executor.update_parameters(
            job_name=f"traceinv-{job.kind}",
            time=self._minutes,
            cpus_per_task=wanted.cpus,
            setup=list(SETUP),
            additional_parameters=self._options,
            **({"gpus_per_node": wanted.gpus} if wanted.gpus and self._has_gpus else {}),
        )
        try:
            with contextlib.redirect_stderr(StringIO()):  # submitit prints what it raises
                return executor.submit(_Work(), job, folder / SHARE)
        except self._submitit.core.utils.FailedJobError as error:
            reason = str(error).strip().splitlines()[-1]
            raise InputError(f"--slurm: sbatch refuses {job.name}: {reason}") from None

    def _still_known(self) -> dict[str, str] | None:
        """Ask Slurm for the state of this user's jobs, now and then; None where it was not asked or does not answer."""
        if not self._open or time.monotonic() - self._asked < ASK_SECONDS:
            return None
        self._asked = time.monotonic()
        shown = _ask("squeue", "--noheader", "--states=all", f"--user={os.geteuid()}", "--format=%i %T")
        return None if shown is None else dict(line.split() for line in shown.splitlines())

    def _notice_end(self, job_id: str, submitted: _Submitted, state: str) -> None:
        """Fail a stage whose job is over without a result, the second time that Slurm says so: a shared folder may lag behind."""
        if state in OPEN:
            submitted.over = False
        elif not submitted.over:
            submitted.over = True
        else:
            del self._open[job_id]
            printed = submitted.handle.paths.stderr
            reason = f"Slurm job {job_id} ended without a result ({state}; it printed {printed})"
            submitted.answer.set_exception(StageFailed(f"{submitted.job.name}: {reason}; the same command resumes"))


class _Work:
    """Runs a job on a node; submitit queues it again as it is where its time is over or its node is wanted back."""

    def __call__(self, job: Job, share: Path) -> Artifact | Exception:
        """Return the artifact, or the error, which submitit would pass on as text."""
        try:
            return run_logged(job, _write_shares(share))
        except (GateError, InputError, StageFailed) as error:
            return error

    def checkpoint(self, job: Job, share: Path) -> Any:
        return import_module("submitit").helpers.DelayedSubmission(self, job, share)


def _answer(submitted: _Submitted) -> None:
    """Give a job's result to whoever waits for it, and remove its folder where it has one."""
    try:
        result = submitted.handle.result()
    except Exception as error:  # noqa: BLE001  such as that its time was over too often
        result = StageFailed(f"{submitted.job.name}: {_last_line(error)} (log: {submitted.handle.paths.stderr})")
    if isinstance(result, Exception):
        submitted.answer.set_exception(result)
        return
    shutil.rmtree(submitted.folder, ignore_errors=True)
    submitted.answer.set_result(result)


def _last_line(error: Exception) -> str:
    """Return the last line of the traceback that submitit quotes between two lines of dashes, or else of its message."""
    _, *quoted = str(error).split("-" * 22)
    return (quoted[0] if quoted else str(error)).strip().splitlines()[-1]


def _write_shares(file: Path) -> Progress:
    """Return a progress that leaves shares where the run reads them."""
    where, last = f"{here().partition(',')[0]}, Slurm job {os.environ.get('SLURM_JOB_ID')}", 0.0

    def report(share: float) -> None:
        nonlocal last
        if time.monotonic() - last < LOOK_SECONDS:
            return
        last = time.monotonic()
        with contextlib.suppress(OSError):  # a share that is not seen changes nothing
            write_atomic(file, f"{share} {where}")

    return report


def _read_share(submitted: _Submitted) -> Report | None:
    try:
        share, _, where = (submitted.folder / SHARE).read_text().partition(" ")
        return Report(submitted.job.node_id, float(share), where)
    except (OSError, ValueError):
        return None


def _minutes(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise InputError(f"--slurm time={text}: expected a whole number of minutes")
    return int(text)


def _ask(*command: str) -> str | None:
    """Return what a command of Slurm prints; None where it fails, as it does for a while where the controller is restarted."""
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
