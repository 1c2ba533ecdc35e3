"""Train on several devices: `accelerate launch` starts one process for each, and this one waits for them.

What they train on, how far they are, what they print and what went wrong are files in a folder of the draft, `launch`.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from traceinv.devices import AccelerateConfig
from traceinv.dialect import StatedDialect
from traceinv.errors import GateError, InputError
from traceinv.formatting import EncodedExample
from traceinv.progress import Progress, silent
from traceinv.schema import Closed
from traceinv.training_config import TrainingConfig

FOLDER = "launch"
LAUNCHER = "launcher"
POLL_SECONDS = 0.2
LAST_LINES = 3
"""How many lines of what a process printed last stand in the error."""
ERRORS = {kind.__name__: kind for kind in (GateError, InputError)}
"""The errors that keep their kind on the way from a process."""


class Task(Closed):
    """What every process needs to train, besides the rows.

    Attributes:
        out: the folder of the trained model.
    """

    base: str
    config: TrainingConfig
    seed: int
    out: str
    dialect: StatedDialect | None
    trust_remote_code: bool


class Files:
    """The files through which the processes of a training and the one that waits for them talk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.accelerate = folder / "accelerate.json"
        self.task = folder / "task.json"
        self.rows = folder / "rows.jsonl"
        self.share = folder / "share"
        self.log = folder / "log.json"
        self.failure = folder / "failure.json"

    def printed(self, name: str) -> Path:
        """Return the file of what a process prints: the launcher, or one by its rank."""
        return self.folder / f"process-{name}.log"

    def error(self, rank: int) -> Path:
        """Return the file of a process's error, where it is one of `ERRORS`."""
        return self.folder / f"error-{rank}.json"

    def write(self, path: Path, content: Any) -> None:
        """Write JSON, whole or not at all."""
        draft = path.with_name(f".{path.name}")
        draft.write_text(json.dumps(content), encoding="utf-8")
        os.replace(draft, path)

    def write_rows(self, rows: Sequence[EncodedExample]) -> None:
        """Write the training rows, one a line."""
        with self.rows.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(asdict(row)) + "\n" for row in rows)

    def read_rows(self) -> list[EncodedExample]:
        """Read the training rows."""
        with self.rows.open(encoding="utf-8") as file:
            return [EncodedExample(**json.loads(line)) for line in file]


def train_on_devices(
    task: Task, rows: Sequence[EncodedExample], accelerate: AccelerateConfig, progress: Progress | None
) -> dict[str, Any]:
    """Train on several devices and save the model to `task.out`; no process outlives this call, or this process.

    Returns:
        The fields of `traceinv.training.TrainingLog`, as JSON values.

    Raises:
        InputError: this machine has fewer GPUs, or a checkpoint is of another number of processes.
        GateError: a process refuses its rows.
        ChildProcessError: a process ended without a result; the message has the last lines that it printed.
    """
    _check_gpus(accelerate)
    files = Files(Path(task.out) / FOLDER)
    shutil.rmtree(files.folder, ignore_errors=True)
    files.folder.mkdir(parents=True)
    files.write(files.accelerate, accelerate.launched(task.config.bf16))
    files.write(files.task, task.model_dump(mode="json"))
    files.write_rows(rows)
    code = _wait(_start(files, accelerate.num_processes), files, progress or silent)
    if code or not files.log.exists():
        raise _failure(files, accelerate.num_processes)
    log: dict[str, Any] = json.loads(files.log.read_text(encoding="utf-8"))
    shutil.rmtree(files.folder)
    return log


def _check_gpus(accelerate: AccelerateConfig) -> None:
    import torch

    gpus = torch.cuda.device_count()
    if 0 < gpus < accelerate.num_processes:
        raise InputError(f"accelerate.num_processes: {accelerate.num_processes}, and this machine has {gpus} GPUs")


def _start(files: Files, processes: int) -> "subprocess.Popen[bytes]":
    """Start `accelerate launch` in a process that ends with this one."""
    threads = max(1, int(os.environ.get("OMP_NUM_THREADS") or 1) // processes)
    path = os.pathsep.join(filter(None, [str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-m", "traceinv.launched", "launch", str(os.getpid()), str(files.folder), str(threads)]
    # the current folder may hold modules with the names of others
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONSAFEPATH": "1"}
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, env=environment)


def _wait(launcher: "subprocess.Popen[bytes]", files: Files, progress: Progress) -> int:
    """Wait for the launcher and return its exit code; whatever happens here, it and its processes end."""
    try:
        while (code := launcher.poll()) is None:
            time.sleep(POLL_SECONDS)
            if files.share.exists():
                progress(json.loads(files.share.read_text()))
        return code
    finally:
        launcher.kill()
        launcher.wait()


def _failure(files: Files, processes: int) -> Exception:
    """Return the error of a training that failed, and print all that its processes printed."""
    printed = {name: _read(files.printed(name)) for name in (LAUNCHER, *map(str, range(processes)))}
    for name, text in printed.items():
        print(f"--- process {name} of {processes} ---\n{text}", file=sys.stderr)
    errors = [json.loads(text) for rank in range(processes) if (text := _read(files.error(rank)))]
    if errors:
        return ERRORS[errors[0]["kind"]](errors[0]["message"])
    first = json.loads(_read(files.failure) or "null")
    if first is None:
        return ChildProcessError(f"accelerate launch failed; it printed last: {_last(printed[LAUNCHER])}")
    rank, code = first["rank"], first["exit_code"]
    how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    return ChildProcessError(
        f"training process {rank} of {processes} {how}; it printed last: {_last(printed[str(rank)])}"
    )


def _last(text: str) -> str:
    """Return the last lines of a text as one line."""
    return " / ".join([line.strip() for line in text.splitlines() if line.strip()][-LAST_LINES:])


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
